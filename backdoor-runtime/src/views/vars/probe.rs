//! The capabilities of a variable's type, selected by autoref where the macro's code knows the type. As for replies, the method is called
//! on as many `&` as there are kinds, and the compiler takes the first whose bounds hold.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use serde_core::Serialize;

use crate::views::vars::place::{Holder, Lasting};
use crate::views::vars::typable::Typable;
use crate::views::vars::{Readable, Reading};
use crate::{FromArg, Value};

/// Represents the static whose type is examined.
pub struct PlaceProbe<T: 'static>(pub &'static T);

/// The kind for a type with a value that changes.
pub trait ByHolder {
    /// How to read it.
    type Place;
    /// Selects this kind.
    fn backdoor_place(&self) -> Self::Place;
}

impl<T: Holder> ByHolder for &&PlaceProbe<T> {
    type Place = Held<T>;

    fn backdoor_place(&self) -> Held<T> {
        Held(self.0)
    }
}

/// The kind for a type that implements `Readable`.
pub trait ByReadable {
    /// How to read it.
    type Place;
    /// Selects this kind.
    fn backdoor_place(&self) -> Self::Place;
}

impl<T: Readable> ByReadable for &PlaceProbe<T> {
    type Place = Direct<T>;

    fn backdoor_place(&self) -> Direct<T> {
        Direct(self.0)
    }
}

/// The last kind: a value that is set once and stays.
pub trait ByLasting<T: 'static> {
    /// Selects this kind.
    fn backdoor_place(&self) -> Stays<T::Value>
    where
        T: Lasting;
}

impl<T: 'static> ByLasting<T> for PlaceProbe<T> {
    fn backdoor_place(&self) -> Stays<T::Value>
    where
        T: Lasting,
    {
        Stays(T::get(self.0))
    }
}

/// A variable with a value that changes.
pub struct Held<T: 'static>(&'static T);
/// A variable that reads itself.
pub struct Direct<T: 'static>(&'static T);
/// A variable whose value is set once, with the value if it is set.
pub struct Stays<V: 'static>(Option<&'static V>);

/// Represents the type of a value.
pub struct ValueProbe<V>(PhantomData<fn() -> V>);

impl<V> ValueProbe<V> {
    /// The probe.
    pub const NEW: Self = Self(PhantomData);
}

impl<T: Holder> Held<T> {
    /// The probe for the type of its value.
    pub fn backdoor_value(&self) -> ValueProbe<T::Value> {
        ValueProbe::NEW
    }

    /// Reads it.
    pub fn backdoor_read<C: Take<T::Value>, R: Render<T::Value>>(&self, _: C, _: R) -> Reading {
        let taken = self.0.look(|value| C::take(value, R::render));
        taken.map(|taken| C::finish(taken, R::render)).into()
    }

    /// The name of its value's type.
    pub fn backdoor_type(&self) -> &'static str {
        std::any::type_name::<T::Value>()
    }
}

impl<V> Stays<V> {
    /// The probe for the type of its value.
    pub fn backdoor_value(&self) -> ValueProbe<V> {
        ValueProbe::NEW
    }

    /// Reads it. There is no lock.
    pub fn backdoor_read<C, R: Render<V>>(&self, _: C, _: R) -> Reading {
        self.0.map_or(Reading::NotSet, |value| Reading::Value(R::render(value)))
    }

    /// The name of its value's type.
    pub fn backdoor_type(&self) -> &'static str {
        std::any::type_name::<V>()
    }
}

impl<T: Readable> Direct<T> {
    /// It has no value of its own.
    pub fn backdoor_value(&self) -> ValueProbe<()> {
        ValueProbe::NEW
    }

    /// Reads it.
    pub fn backdoor_read<C, R>(&self, _: C, _: R) -> Reading {
        self.0.read()
    }

    /// The name of its type.
    pub fn backdoor_type(&self) -> &'static str {
        std::any::type_name::<T>()
    }
}

/// How a value leaves its lock, and what remains to do outside.
pub trait Take<V> {
    /// What leaves the lock.
    type Taken;
    /// Runs under the lock.
    fn take(value: &V, render: fn(&V) -> Value) -> Self::Taken;
    /// Runs outside of the lock.
    fn finish(taken: Self::Taken, render: fn(&V) -> Value) -> Value;
}

/// The value is cloned under its lock, and formatted outside.
pub struct Cloned;
/// The value cannot be cloned, and is formatted under its lock.
pub struct InPlace;

impl<V: Clone> Take<V> for Cloned {
    type Taken = V;

    fn take(value: &V, _render: fn(&V) -> Value) -> V {
        value.clone()
    }

    fn finish(taken: V, render: fn(&V) -> Value) -> Value {
        render(&taken)
    }
}

impl<V> Take<V> for InPlace {
    type Taken = Value;

    fn take(value: &V, render: fn(&V) -> Value) -> Value {
        render(value)
    }

    fn finish(taken: Value, _render: fn(&V) -> Value) -> Value {
        taken
    }
}

/// The kind for types that can be cloned.
pub trait ByClone {
    /// Selects this kind.
    fn backdoor_take(&self) -> Cloned {
        Cloned
    }
}

impl<V: Clone> ByClone for &ValueProbe<V> {}

/// The kind for all other types.
pub trait ByReference {
    /// Selects this kind.
    fn backdoor_take(&self) -> InPlace {
        InPlace
    }
}

impl<V> ByReference for ValueProbe<V> {}

/// How a value is formatted.
pub trait Render<V> {
    /// The value as data.
    fn render(value: &V) -> Value;
}

/// By `Serialize`, but the value of a `Choice` as its word.
pub struct AsWordOrData;
/// As the word that an operator types.
pub struct AsWord;
/// By `Serialize`.
pub struct AsData;
/// By `Display`.
pub struct AsText;
/// By `Debug`.
pub struct AsDebug<V>(PhantomData<fn() -> V>);

impl<V: Typable + Serialize> Render<V> for AsWordOrData {
    fn render(value: &V) -> Value {
        match value.item().and_then(V::Item::to_arg) {
            Some(word) if !V::Item::CHOICES.is_empty() && !V::Item::IS_FLAG => Value::Text(word),
            _ => Value::of(value),
        }
    }
}

impl<V: Typable> Render<V> for AsWord {
    fn render(value: &V) -> Value {
        value.item().and_then(V::Item::to_arg).map_or(Value::Null, Value::Text)
    }
}

impl<V: Serialize> Render<V> for AsData {
    fn render(value: &V) -> Value {
        Value::of(value)
    }
}

impl<V: Display> Render<V> for AsText {
    fn render(value: &V) -> Value {
        Value::Text(value.to_string())
    }
}

impl<V: Debug> Render<V> for AsDebug<V> {
    fn render(value: &V) -> Value {
        Value::Text(format!("{value:?}"))
    }
}

macro_rules! kinds {
    ($($trait:ident $kind:ident ($($bound:tt)*) $probe:ty;)*) => {$(
        #[doc = concat!("The kind `", stringify!($kind), "`.")]
        pub trait $trait {
            /// Selects this kind.
            fn backdoor_render(&self) -> $kind {
                $kind
            }
        }

        impl<V: $($bound)*> $trait for $probe {}
    )*};
}

kinds! {
    ByWordOrData AsWordOrData (Typable + Serialize) &&&&ValueProbe<V>;
    ByWord AsWord (Typable) &&&ValueProbe<V>;
    ByData AsData (Serialize) &&ValueProbe<V>;
    ByText AsText (Display) &ValueProbe<V>;
}

/// The last kind.
pub trait ByDebug<V> {
    /// Selects this kind.
    fn backdoor_render(&self) -> AsDebug<V::As>
    where
        V: Shown;
}

impl<V> ByDebug<V> for ValueProbe<V> {
    fn backdoor_render(&self) -> AsDebug<V::As>
    where
        V: Shown,
    {
        AsDebug(PhantomData)
    }
}

/// A type that the last kind can format.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be shown as the value of a variable",
    label = "not a type that can be shown",
    note = "derive `Debug` or `serde::Serialize` for `{Self}`, or implement `Display`"
)]
pub trait Shown {
    /// The type itself. If it is missing, the compiler reports only this trait.
    #[doc(hidden)]
    type As;
}

#[diagnostic::do_not_recommend]
impl<V: Debug> Shown for V {
    type As = V;
}
