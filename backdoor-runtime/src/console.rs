//! One operator's session: the telnet filter, the line discipline, and what is shown. It knows nothing of how connections arrive.

mod answer;
mod bounds;
mod conversation;
mod foreign;
mod json_line;
mod lines;
mod pasted;
mod queue;
mod running;
mod screen;
mod serve;
mod telnet;

pub(crate) use bounds::Bounds;
pub(crate) use conversation::Manners;
pub(crate) use serve::{LINGER, Times, Transport, linger, serve};
pub(crate) use {
    answer::{Seen, complaint},
    json_line::JsonLine,
    screen::Screen,
};
