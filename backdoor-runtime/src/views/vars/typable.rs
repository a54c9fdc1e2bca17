//! Values that an operator can type: a word for `FromArg`, and for an `Option` also `none`.

use crate::{ArgError, FromArg};

/// The word for an `Option` without a value.
pub(crate) const NONE: &str = "none";

/// A type whose values can be typed.
pub trait Typable: Sized + 'static {
    /// The type that `FromArg` parses and that a range compares.
    type Item: FromArg;

    /// Whether `none` is a value.
    const MAY_BE_NONE: bool;

    /// The value of a word.
    fn parse(word: &str) -> Result<Self, ArgError>;

    /// The item; nothing for `none`.
    fn item(&self) -> Option<&Self::Item>;
}

#[diagnostic::do_not_recommend]
impl<T: FromArg> Typable for T {
    type Item = T;
    const MAY_BE_NONE: bool = false;

    fn parse(word: &str) -> Result<Self, ArgError> {
        T::from_arg(word)
    }

    fn item(&self) -> Option<&T> {
        Some(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: FromArg> Typable for Option<T> {
    type Item = T;
    const MAY_BE_NONE: bool = true;

    fn parse(word: &str) -> Result<Self, ArgError> {
        if word == NONE {
            return Ok(None);
        }
        let value = T::from_arg(word);
        value.map(Some).map_err(|error| ArgError::new(format!("{error}; type `{NONE}` for no value")))
    }

    fn item(&self) -> Option<&T> {
        self.as_ref()
    }
}
