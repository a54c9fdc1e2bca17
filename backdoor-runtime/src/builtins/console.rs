//! The console itself: what there is, who is there, what runs, and how to leave.

mod commands;
mod complete;
mod help;
mod runs;
mod service;
mod sessions;
