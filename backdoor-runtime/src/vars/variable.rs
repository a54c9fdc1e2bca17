//! The constant table that one `#[backdoor_var]` leaves in the program, and what its code is made of.

use std::any::Any;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Instant;

use crate::command::range::{self, Bounds, RangeOf};
use crate::command::{Declared, Range};
use crate::vars::place::{Holder, Holding, Kept, NotHeld, Settable};
use crate::vars::probe::Render;
use crate::vars::{Readable, Reading};
use crate::{ArgError, ChoiceWord, FromArg, Value};

/// One variable, as its declaration says it.
pub struct Variable {
    /// One word in kebab-case.
    pub name: &'static str,
    /// The doc comment.
    pub help: &'static str,
    /// What its number counts, such as `ms`; empty where nobody said.
    pub unit: &'static str,
    /// Whether lists leave it out.
    pub hidden: bool,
    /// Whether its value is shown to nobody.
    pub secret: bool,
    /// Whether its numbers are kept over time.
    pub trend: bool,
    /// Where it stands in the source.
    pub declared: Declared,
    /// What its value is called.
    pub type_name: fn() -> &'static str,
    /// Reads it: the author's code.
    pub read: fn() -> Reading,
    /// How it is set, where it may be.
    pub setting: Option<Setting>,
}

impl Readable for Variable {
    fn read(&self) -> Reading {
        (self.read)()
    }
}

/// A variable that is linked in.
pub struct RegisteredVariable(pub &'static Variable);

inventory::collect!(RegisteredVariable);

/// How a variable is set. All but `cell.hold` is the author's code.
pub struct Setting {
    /// The static.
    pub cell: &'static dyn Cell,
    /// What the static begins as, where that is known.
    pub initial: fn() -> Option<Kept>,
    /// The values that are accepted.
    pub range: Option<Range>,
    /// What else the author wants of a value.
    pub validate: Option<fn(&Kept) -> Result<(), String>>,
    /// Who is told of a new value.
    pub on_change: Option<fn(&Kept)>,
    /// The value as data.
    pub show: fn(&Kept) -> Value,
}

/// A static that an operator may change, whatever its type.
pub trait Cell: Sync {
    /// Parses what was typed.
    fn parse(&self, word: &str) -> Result<Kept, ArgError>;
    /// A value to put there.
    fn copy(&self, value: &Kept) -> Box<dyn Any>;
    /// The item that a range is asked about.
    fn in_bounds(&self, bounds: &dyn Bounds, value: &Kept) -> bool;
    /// The value as an operator would type it.
    fn word(&self, value: &Kept) -> Option<String>;
    /// What help calls a value.
    fn value_name(&self) -> &'static str;
    /// The words that it may be, where they are few.
    fn choices(&self) -> &'static [ChoiceWord];
    /// Holds the value to change it.
    fn hold(&'static self, until: Instant) -> Result<Box<dyn Holding>, NotHeld>;
    /// Where it lies: locks are taken in this order.
    fn address(&self) -> usize;
}

impl<T: Settable> Cell for T {
    fn parse(&self, word: &str) -> Result<Kept, ArgError> {
        T::Value::from_arg(word).map(kept)
    }

    fn copy(&self, value: &Kept) -> Box<dyn Any> {
        Box::new(value_of::<T>(value).clone())
    }

    fn in_bounds(&self, bounds: &dyn Bounds, value: &Kept) -> bool {
        bounds.contains(value_of::<T>(value))
    }

    fn word(&self, value: &Kept) -> Option<String> {
        value_of::<T>(value).to_arg()
    }

    fn value_name(&self) -> &'static str {
        T::Value::NAME
    }

    fn choices(&self) -> &'static [ChoiceWord] {
        T::Value::CHOICES
    }

    fn hold(&'static self, until: Instant) -> Result<Box<dyn Holding>, NotHeld> {
        Settable::hold(self, until)
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

fn kept<V: Send + Sync + 'static>(value: V) -> Kept {
    Arc::new(value)
}

fn value_of<T: Holder>(value: &Kept) -> &T::Value {
    value.downcast_ref().expect("the values of a variable are of its own type")
}

/// The static of a settable variable.
pub const fn settable<T: Settable>(place: &'static T) -> &'static dyn Cell {
    place
}

/// What a static begins as: `place` is made as the static was, and lies elsewhere.
pub fn initial<T: Settable>(place: &T) -> Option<Kept> {
    place.look(T::Value::clone).seen().map(kept)
}

/// The range of a settable variable.
pub fn var_bounds<T: Settable<Value: PartialOrd>>(
    range: impl RangeOf<T::Value> + 'static,
) -> Box<dyn Bounds> {
    range::typed(range, T::Value::to_arg)
}

/// Asks the author whether he wants this value.
pub fn validated<T: Settable, E: Display>(
    value: &Kept,
    validate: fn(&T::Value) -> Result<(), E>,
) -> Result<(), String> {
    validate(value_of::<T>(value)).map_err(|error| format!("{error:#}"))
}

/// Tells the author of a new value.
pub fn changed<T: Settable>(value: &Kept, on_change: fn(&T::Value)) {
    on_change(value_of::<T>(value));
}

/// The value as data.
pub fn shown<T: Settable, R: Render<T::Value>>(value: &Kept, _: R) -> Value {
    R::render(value_of::<T>(value))
}
