//! The commands that every console has, written with the macro and the public API only.

mod commands;
mod complete;
mod help;
mod locks;
mod profile;
mod resources;
mod runs;
mod runtime;
mod service;
mod sessions;
mod tasks;
mod threads;
