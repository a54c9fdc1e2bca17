//! `#[arg(from_str)]`: a parameter whose type is parsed by the standard library's `FromStr`, also inside `Option` and `Vec`.
//!
//! Blanket impls cannot tell `Option<T>` from `T: FromStr`. Associated items of an inherent impl shadow those of a trait, so
//! `ViaFromStr::<Option<T>>::SHAPE` is the inherent one and `ViaFromStr::<T>::SHAPE` the trait's.

use std::fmt::Display;
use std::marker::PhantomData;
use std::str::FromStr;

use crate::call::failure::Failure;
use crate::command::ArgError;
use crate::command::arguments::Call;
use crate::command::range::{self, Bounds, RangeOf};
use crate::command::shape::{Arity, Shape};

/// A type that `#[arg(from_str)]` can parse.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be parsed by `#[arg(from_str)]`",
    label = "has no `FromStr` with a readable error",
    note = "implement `std::str::FromStr` for `{Self}` with an `Err` that implements `Display`"
)]
pub trait ParsedFromStr: Sized + Send + 'static {
    /// Parses one word.
    #[doc(hidden)]
    fn parse_word(word: &str) -> Result<Self, ArgError>;
}

#[diagnostic::do_not_recommend]
impl<T> ParsedFromStr for T
where
    T: FromStr + Send + 'static,
    T::Err: Display,
{
    fn parse_word(word: &str) -> Result<Self, ArgError> {
        word.parse().map_err(|error: T::Err| ArgError::new(error.to_string()))
    }
}

/// Represents a parameter of type `T` under `from_str`.
pub struct ViaFromStr<T>(PhantomData<T>);

/// The items of [`ViaFromStr`] for types other than `Option` and `Vec`.
pub trait ViaOne {
    /// The parameter's own type.
    type Value;
    /// The properties of its type.
    const SHAPE: &'static Shape = &shape(Arity::Required);

    /// The value of the next parameter.
    fn take(call: &mut Call<'_>) -> Result<Self::Value, Failure>
    where
        Self::Value: ParsedFromStr;

    /// The range of the parameter.
    fn bounds<R>(range: R) -> Box<dyn Bounds>
    where
        Self::Value: PartialOrd + 'static,
        R: RangeOf<Self::Value> + 'static,
    {
        range::typed(range, |_| None)
    }
}

impl<T> ViaOne for ViaFromStr<T> {
    type Value = T;

    fn take(call: &mut Call<'_>) -> Result<T, Failure>
    where
        T: ParsedFromStr,
    {
        call.one(T::parse_word)
    }
}

impl<T> ViaFromStr<Option<T>> {
    /// The properties of its type.
    pub const SHAPE: &'static Shape = &shape(Arity::Optional);

    /// The value of the next parameter.
    pub fn take(call: &mut Call<'_>) -> Result<Option<T>, Failure>
    where
        T: ParsedFromStr,
    {
        call.optional(T::parse_word)
    }

    /// The range of the parameter.
    pub fn bounds<R>(range: R) -> Box<dyn Bounds>
    where
        T: PartialOrd + 'static,
        R: RangeOf<T> + 'static,
    {
        range::typed(range, |_| None)
    }
}

impl<T> ViaFromStr<Vec<T>> {
    /// The properties of its type.
    pub const SHAPE: &'static Shape = &shape(Arity::Many);

    /// The value of the next parameter.
    pub fn take(call: &mut Call<'_>) -> Result<Vec<T>, Failure>
    where
        T: ParsedFromStr,
    {
        call.many(T::parse_word)
    }

    /// The range of the parameter.
    pub fn bounds<R>(range: R) -> Box<dyn Bounds>
    where
        T: PartialOrd + 'static,
        R: RangeOf<T> + 'static,
    {
        range::typed(range, |_| None)
    }
}

const fn shape(arity: Arity) -> Shape {
    Shape { arity, value: "value", choices: &[], why_not: None }
}
