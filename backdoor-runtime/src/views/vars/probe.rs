//! What a variable's type can do, chosen by autoref where the macro's code knows the type: as for replies, the method is looked up with
//! as many `&` as there are rungs, and the compiler takes the first whose bounds hold.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use serde::Serialize;

use crate::views::vars::place::{Holder, Lasting};
use crate::views::vars::typable::Typable;
use crate::views::vars::{Readable, Reading};
use crate::{FromArg, Value};

/// Stands for the static whose type is looked up.
pub struct PlaceProbe<T: 'static>(pub &'static T);

/// The rung of what holds a value that changes.
pub trait ByHolder {
    /// How it is read.
    type Place;
    /// Finds it.
    fn backdoor_place(&self) -> Self::Place;
}

impl<T: Holder> ByHolder for &&PlaceProbe<T> {
    type Place = Held<T>;

    fn backdoor_place(&self) -> Held<T> {
        Held(self.0)
    }
}

/// The rung of what says itself how it is read.
pub trait ByReadable {
    /// How it is read.
    type Place;
    /// Finds it.
    fn backdoor_place(&self) -> Self::Place;
}

impl<T: Readable> ByReadable for &PlaceProbe<T> {
    type Place = Direct<T>;

    fn backdoor_place(&self) -> Direct<T> {
        Direct(self.0)
    }
}

/// The last rung: a value that comes once and stays.
pub trait ByLasting<T: 'static> {
    /// Finds it.
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

/// A variable that holds a value.
pub struct Held<T: 'static>(&'static T);
/// A variable that says itself what it is.
pub struct Direct<T: 'static>(&'static T);
/// A variable whose value comes once, and the value where it has come.
pub struct Stays<V: 'static>(Option<&'static V>);

/// Stands for the type of a value.
pub struct ValueProbe<V>(PhantomData<fn() -> V>);

impl<V> ValueProbe<V> {
    /// The probe.
    pub const NEW: Self = Self(PhantomData);
}

impl<T: Holder> Held<T> {
    /// Stands for the type of its value.
    pub fn backdoor_value(&self) -> ValueProbe<T::Value> {
        ValueProbe::NEW
    }

    /// Reads it.
    pub fn backdoor_read<C: Take<T::Value>, R: Render<T::Value>>(&self, _: C, _: R) -> Reading {
        let taken = self.0.look(|value| C::take(value, R::render));
        taken.map(|taken| C::finish(taken, R::render)).into()
    }

    /// What its value is called.
    pub fn backdoor_type(&self) -> &'static str {
        std::any::type_name::<T::Value>()
    }
}

impl<V> Stays<V> {
    /// Stands for the type of its value.
    pub fn backdoor_value(&self) -> ValueProbe<V> {
        ValueProbe::NEW
    }

    /// Reads it. It has no lock to be taken out of.
    pub fn backdoor_read<C, R: Render<V>>(&self, _: C, _: R) -> Reading {
        self.0.map_or(Reading::NotSet, |value| Reading::Value(R::render(value)))
    }

    /// What its value is called.
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

    /// What it is called.
    pub fn backdoor_type(&self) -> &'static str {
        std::any::type_name::<T>()
    }
}

/// How a value is taken out of its lock: what is left to do outside.
pub trait Take<V> {
    /// What is taken.
    type Taken;
    /// Under the lock.
    fn take(value: &V, render: fn(&V) -> Value) -> Self::Taken;
    /// Outside.
    fn finish(taken: Self::Taken, render: fn(&V) -> Value) -> Value;
}

/// It is cloned under its lock, and shown outside.
pub struct Cloned;
/// It cannot be cloned, and is shown under its lock.
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

/// The rung of what can be cloned.
pub trait ByClone {
    /// Finds it.
    fn backdoor_take(&self) -> Cloned {
        Cloned
    }
}

impl<V: Clone> ByClone for &ValueProbe<V> {}

/// The rung of what cannot.
pub trait ByReference {
    /// Finds it.
    fn backdoor_take(&self) -> InPlace {
        InPlace
    }
}

impl<V> ByReference for ValueProbe<V> {}

/// How a value is shown.
pub trait Render<V> {
    /// The value as data.
    fn render(value: &V) -> Value;
}

/// By `Serialize`, but what is one of a few words as that word.
pub struct AsWordOrData;
/// As an operator would type it.
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

macro_rules! rungs {
    ($($trait:ident $rung:ident ($($bound:tt)*) $probe:ty;)*) => {$(
        #[doc = concat!("The rung of `", stringify!($rung), "`.")]
        pub trait $trait {
            /// Finds it.
            fn backdoor_render(&self) -> $rung {
                $rung
            }
        }

        impl<V: $($bound)*> $trait for $probe {}
    )*};
}

rungs! {
    ByWordOrData AsWordOrData (Typable + Serialize) &&&&ValueProbe<V>;
    ByWord AsWord (Typable) &&&ValueProbe<V>;
    ByData AsData (Serialize) &&ValueProbe<V>;
    ByText AsText (Display) &ValueProbe<V>;
}

/// The last rung.
pub trait ByDebug<V> {
    /// Finds it.
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

/// A type that the last rung can show.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be shown as the value of a variable",
    label = "not a type that can be shown",
    note = "derive `Debug` or `serde::Serialize` for `{Self}`, or implement `Display`"
)]
pub trait Shown {
    /// Itself. Where it is not there, the compiler has no more to say.
    type As;
}

#[diagnostic::do_not_recommend]
impl<V: Debug> Shown for V {
    type As = V;
}
