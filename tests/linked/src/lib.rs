//! Commands in a dependency crate.
