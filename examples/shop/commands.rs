//! The operator's commands, by subject. Nothing here is called by name: linking it is enough.

mod cache;
mod drill;
mod orders;
mod prices;
mod service;
mod setting;
