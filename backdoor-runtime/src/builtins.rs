//! The commands that every console has, written with the macro and the public API only. Each file here is a topic of `help`, but
//! `items`, which long answers are made of, and `fitted`, which fits them to a narrow terminal.

mod console;
mod doctor;
mod fitted;
mod items;
mod locks;
mod logs;
mod nameless;
mod objects;
mod profile;
mod resources;
mod tasks;
mod threads;
mod vars;
