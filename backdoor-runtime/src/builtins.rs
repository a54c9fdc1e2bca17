//! The built-in commands for help, sessions, running commands and the service. The commands of a view are in the view's folder.

mod commands;
mod complete;
mod help;
mod runs;
mod service;
mod sessions;
