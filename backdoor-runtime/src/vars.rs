//! What the process holds, by name.

mod readable;

pub use readable::{Readable, Reading};
