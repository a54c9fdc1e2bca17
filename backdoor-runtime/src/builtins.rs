//! The commands that every console has, written with the macro and the public API only.

mod commands;
mod complete;
mod help;
mod runs;
mod service;
mod sessions;
mod vars;
