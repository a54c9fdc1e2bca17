//! What an operator can do, by what it is about. Nothing here is called by name: linking it in is enough.

mod cache;
mod drill;
mod orders;
mod prices;
mod service;
mod setting;
