//! Views into the living process. A view is a folder: what it reads, its record as authors see it, and its commands.
//!
//! What comes later in this list may use what comes before: threads, tasks, sync, profile; counters, trends, vars, logs; objects;
//! resources.

pub mod counters;
pub mod logs;
pub mod objects;
pub mod profile;
pub mod resources;
pub mod sync;
pub mod tasks;
pub mod threads;
pub mod trends;
pub mod vars;
