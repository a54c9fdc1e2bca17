//! Tasks, as far as other parts must know of them.

pub(crate) mod current;
