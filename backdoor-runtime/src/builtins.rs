//! The commands that every console has, written with the macro and the public API only. Each file here with a
//! command in it is a topic of `help`.

mod console;
mod doctor;
mod fitted;
mod locks;
mod logs;
mod objects;
mod profile;
mod resources;
mod tasks;
mod threads;
mod vars;
