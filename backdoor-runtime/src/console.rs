//! One operator's session: the telnet filter, the line discipline and the screen. This folder does not know how connections arrive.

mod bounds;
mod conversation;
mod diagnostic;
mod driver;
mod foreground;
mod json_line;
mod line_discipline;
mod pasted;
mod reply_assembler;
mod screen;
mod sniff;
mod telnet;
mod transport;
mod type_ahead;

pub(crate) use conversation::SessionConfig;
pub(crate) use diagnostic::{EchoedAt, render};
pub(crate) use driver::serve;
pub(crate) use reply_assembler::{ReplyAssembler, Wanted};
pub(crate) use screen::Screen;
pub(crate) use transport::{LINGER, Transport, linger};
