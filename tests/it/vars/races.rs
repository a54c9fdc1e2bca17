//! Two who change the same.
