//! The constant table that one `#[backdoor_var]` adds to the program, and the parts of its code.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Instant;

use crate::command::range::{self, Bounds, RangeOf};
use crate::command::{Declared, Range};
use crate::readable::Kept;
use crate::views::vars::functions::{IsTold, Validates};
use crate::views::vars::place::{Holder, Holding, NotHeld, SetValue, Settable};
use crate::views::vars::probe::{Render, ValueProbe};
use crate::views::vars::typable::Typable;
use crate::views::vars::{Readable, Reading};
use crate::{ArgError, ChoiceWord, FromArg, Value};

/// One variable, as declared.
pub struct Variable {
    /// One word in kebab-case.
    pub name: &'static str,
    /// The doc comment.
    pub help: &'static str,
    /// The unit of its number, such as `ms`; empty if none was declared.
    pub unit: &'static str,
    /// Whether lists omit it.
    pub hidden: bool,
    /// Whether its value is hidden from everyone.
    pub secret: bool,
    /// Whether its numbers are recorded over time.
    pub trend: bool,
    /// Where it is declared in the source.
    pub declared: Declared,
    /// The name of its value's type.
    pub type_name: fn() -> &'static str,
    /// Reads it. Runs code of the author.
    pub read: fn() -> Reading,
    /// How it is set, if an operator may set it.
    pub setting: Option<Setting>,
}

impl Readable for Variable {
    fn read(&self) -> Reading {
        (self.read)()
    }

    fn is_harmless(&self) -> bool {
        const KNOWN: [&str; 17] = [
            "bool",
            "i8",
            "i16",
            "i32",
            "i64",
            "i128",
            "isize",
            "u8",
            "u16",
            "u32",
            "u64",
            "u128",
            "usize",
            "f32",
            "f64",
            "core::time::Duration",
            "alloc::string::String",
        ];
        let name = (self.type_name)();
        KNOWN.contains(&name) || name.starts_with(concat!(env!("CARGO_CRATE_NAME"), "::views::counters::"))
    }
}

/// A linked variable.
pub struct RegisteredVariable(pub &'static Variable);

inventory::collect!(RegisteredVariable);

/// How a variable is set. All of it but locking the static runs code of the author.
pub struct Setting {
    /// The static, and its unused copy.
    pub cells: Cells,
    /// The values that are accepted.
    pub range: Option<Range>,
    /// The author's validation, if any.
    pub validate: Option<Judge>,
    /// The author's function for a new value, if any.
    pub on_change: Option<fn(&Kept)>,
    /// The value as data.
    pub show: fn(&Kept) -> Value,
}

/// The author's judgement of a value.
pub(crate) type Judge = fn(&Kept) -> Result<(), String>;

/// A static, and a second one with the same initial value that is never changed: it has the default.
#[derive(Clone, Copy)]
pub struct Cells {
    pub(crate) own: &'static dyn Cell,
    pristine: &'static dyn Cell,
}

impl Setting {
    /// The static.
    pub(crate) fn cell(&self) -> &'static dyn Cell {
        self.cells.own
    }

    /// The default of the static, if it is known: a value that the service sets later is not a default.
    pub(crate) fn default(&self) -> Option<Kept> {
        self.cells.pristine.peek()
    }
}

/// A static of any type that an operator may change.
pub(crate) trait Cell: Sync {
    /// Parses the typed word.
    fn parse(&self, word: &str) -> Result<Kept, ArgError>;
    /// A copy of a value, to be stored.
    fn copy(&self, value: &Kept) -> Box<dyn Any>;
    /// Whether the item is within these bounds.
    fn in_bounds(&self, bounds: &dyn Bounds, value: &Kept) -> bool;
    /// The name of a value in help.
    fn value_name(&self) -> &'static str;
    /// The possible words, if the type is a `Choice`.
    fn choices(&self) -> &'static [ChoiceWord];
    /// Whether `none` may be typed.
    fn may_be_none(&self) -> bool;
    /// The current value.
    fn peek(&self) -> Option<Kept>;
    /// Locks the value for a change.
    fn hold(&'static self, until: Instant) -> Result<Box<dyn Holding>, NotHeld>;
    /// Its address: locks are taken in this order.
    fn address(&self) -> usize;
}

/// The type that is typed for a static of type `T`.
type ItemOf<T> = <<T as Holder>::Value as Typable>::Item;

impl<T: Settable<Value: SetValue>> Cell for T {
    fn parse(&self, word: &str) -> Result<Kept, ArgError> {
        T::Value::parse(word).map(kept)
    }

    fn copy(&self, value: &Kept) -> Box<dyn Any> {
        Box::new(kept_as::<T::Value>(value).clone())
    }

    fn in_bounds(&self, bounds: &dyn Bounds, value: &Kept) -> bool {
        kept_as::<T::Value>(value).item().is_none_or(|item| bounds.contains(item))
    }

    fn value_name(&self) -> &'static str {
        ItemOf::<T>::NAME
    }

    fn choices(&self) -> &'static [ChoiceWord] {
        ItemOf::<T>::CHOICES
    }

    fn may_be_none(&self) -> bool {
        T::Value::MAY_BE_NONE
    }

    fn peek(&self) -> Option<Kept> {
        self.look(T::Value::clone).seen().map(kept)
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

fn kept_as<V: 'static>(value: &Kept) -> &V {
    value.downcast_ref().expect("the values of a variable are of its own type")
}

/// A settable variable with values of type `V`. The compiler reports errors about the type where this is made.
pub struct Set<V> {
    /// The static, and its unused copy.
    pub cells: Cells,
    value: PhantomData<fn() -> V>,
}

/// Makes the settable variable of a static.
pub const fn settable<T: Settable>(own: &'static T, pristine: &'static T) -> Set<T::Value>
where
    T::Value: SetValue,
{
    Set { cells: Cells { own, pristine }, value: PhantomData }
}

impl<V: 'static> Set<V> {
    /// The probe for the type of its values.
    pub fn backdoor_value(&self) -> ValueProbe<V> {
        ValueProbe::NEW
    }

    /// The values that are accepted.
    pub fn bounds(&self, range: impl RangeOf<V::Item> + 'static) -> Box<dyn Bounds>
    where
        V: Typable<Item: PartialOrd>,
    {
        range::typed(range, V::Item::to_arg)
    }

    /// Runs the validation of the author.
    pub fn validated<R>(&self, value: &Kept, validate: impl Validates<V, R>) -> Result<(), String> {
        validate.validate(kept_as(value))
    }

    /// Calls the author's function with a new value.
    pub fn changed<R>(&self, value: &Kept, on_change: impl IsTold<V, R>) {
        on_change.tell(kept_as(value));
    }

    /// The value as data.
    pub fn shown<R: Render<V>>(&self, value: &Kept, _: R) -> Value {
        R::render(kept_as(value))
    }
}
