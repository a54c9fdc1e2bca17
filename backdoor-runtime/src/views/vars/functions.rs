//! The functions that an author names for a variable: `validate` accepts or refuses a new value, and `on_change` runs after a change.

use std::fmt::Display;
use std::marker::PhantomData;
use std::ops::Deref;

/// The types that `validate = ..` accepts, for a variable with values of type `V`. `R` selects one of the forms.
#[diagnostic::on_unimplemented(
    message = "`validate` takes a function of `&{V}` that gives a `Result<(), E>`, where `E` implements `Display`",
    label = "not a `fn(&{V}) -> Result<(), E>`",
    note = "write it as `fn name(value: &{V}) -> Result<(), String>`: the error is what the operator reads"
)]
pub trait Validates<V, R> {
    /// Returns the reason why the value is not accepted, if it is not.
    #[doc(hidden)]
    fn validate(self, value: &V) -> Result<(), String>;
}

/// The types that `on_change = ..` accepts.
#[diagnostic::on_unimplemented(
    message = "`on_change` takes a function of `&{V}` that gives nothing",
    label = "not a `fn(&{V})`",
    note = "write it as `fn name(value: &{V})`: it is told of the new value, when all locks are free"
)]
pub trait IsTold<V, R> {
    /// Calls it with a new value.
    #[doc(hidden)]
    fn tell(self, value: &V);
}

/// The form that takes the value itself.
pub struct OfValue<E>(PhantomData<fn() -> E>);

/// The form that takes the value's `Deref` target: a `&str` for a `String`.
pub struct OfTarget<E>(PhantomData<fn() -> E>);

#[diagnostic::do_not_recommend]
impl<V, F: FnOnce(&V) -> Result<(), E>, E: Display> Validates<V, OfValue<E>> for F {
    fn validate(self, value: &V) -> Result<(), String> {
        self(value).map_err(|error| format!("{error:#}"))
    }
}

#[diagnostic::do_not_recommend]
impl<V: Deref, F: FnOnce(&V::Target) -> Result<(), E>, E: Display> Validates<V, OfTarget<E>> for F {
    fn validate(self, value: &V) -> Result<(), String> {
        self(value).map_err(|error| format!("{error:#}"))
    }
}

#[diagnostic::do_not_recommend]
impl<V, F: FnOnce(&V)> IsTold<V, OfValue<()>> for F {
    fn tell(self, value: &V) {
        self(value);
    }
}

#[diagnostic::do_not_recommend]
impl<V: Deref, F: FnOnce(&V::Target)> IsTold<V, OfTarget<()>> for F {
    fn tell(self, value: &V) {
        self(value);
    }
}
