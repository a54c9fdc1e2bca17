//! One operator's session: the telnet filter, the line discipline, and what is shown. It knows nothing of how connections arrive.

mod answer;
mod conversation;
pub(crate) mod escape;
mod foreign;
mod json_line;
mod lines;
mod screen;
mod serve;
mod telnet;

pub(crate) use conversation::Manners;
pub(crate) use serve::{Times, Transport, serve};
pub(crate) use {
    answer::{Seen, complaint},
    json_line::JsonLine,
    screen::Screen,
};
