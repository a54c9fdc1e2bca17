//! The commands that every console has, written with the macro and the public API only. Each names its topic of `help`. `items` builds
//! long answers, and `fitted` fits them to a narrow terminal.

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
