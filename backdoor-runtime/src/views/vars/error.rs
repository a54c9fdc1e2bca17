//! Why a variable could not be read or changed.

use std::fmt;

use crate::base::causes::debug_as_display;

/// The reason why a variable could not be read or changed, for the operator.
#[derive(Clone, PartialEq, Eq)]
pub struct VarError {
    message: String,
}

impl VarError {
    pub(crate) fn new(message: String) -> Self {
        Self { message }
    }
}

impl fmt::Display for VarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

debug_as_display!(VarError);

impl std::error::Error for VarError {}
