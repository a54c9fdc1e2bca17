//! The commands of the console itself: what there is, who is there, what runs, and how to leave. The commands of a view stand beside it.

mod commands;
mod complete;
mod help;
mod runs;
mod service;
mod sessions;
