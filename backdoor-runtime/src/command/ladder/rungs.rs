//! The rungs: each gives the text or the value of a reply by one trait.

use std::fmt::{self, Debug, Display, Write};
use std::marker::PhantomData;
use std::pin::Pin;

use futures_core::Stream;
use serde::Serialize;

use crate::command::ladder::Ours;
use crate::command::ladder::probe::Probe;
use crate::command::ladder::show::{InPieces, Spawned, Turns};
use crate::command::{CommandOutput, Page};
use crate::reply::familiar::Familiar;
use crate::reply::{Form, Value};

/// An error that an operator can read.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a backdoor command",
    label = "not an error type the operator can read",
    note = "implement `Display` for `{Self}`, or convert it with `.map_err(..)`; `anyhow::Error`, `std::io::Error`, `String` and `&str` work as they are"
)]
pub trait ReplyError {
    /// The text after `error: `.
    fn text(&self) -> String;
}

#[diagnostic::do_not_recommend]
impl<E: Display> ReplyError for E {
    fn text(&self) -> String {
        format!("{self:#}")
    }
}

/// A type that the last rung can show.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the reply of a backdoor command",
    label = "not a reply type",
    note = "derive `Debug` or `serde::Serialize` for `{Self}`, implement `Display`, or return text; `Result`, `Option` and `Stream` of those work too"
)]
pub trait ReplyType {
    /// What a person sees.
    fn pretty(&self, form: Form) -> String;
}

#[diagnostic::do_not_recommend]
impl<T: Debug> ReplyType for T {
    fn pretty(&self, form: Form) -> String {
        written(form, |page| write!(page, "{self:#?}"))
    }
}

/// Text by [`CommandOutput`].
#[derive(Clone, Copy)]
pub struct ByOutput;
/// The text that the reply is.
#[derive(Clone, Copy)]
pub struct ByItself;
/// Text by `Display`.
#[derive(Clone, Copy)]
pub struct ByDisplay;
/// Text by a rendering of ours, for types of the standard library that have none of their own.
#[derive(Clone, Copy)]
pub struct ByFamiliar;
/// Text by `Debug`.
pub struct ByDebug<T>(pub(crate) fn(&T, Form) -> String);
/// Text made from the value: tables, keys and values.
#[derive(Clone, Copy)]
pub struct ByValue;
/// Value by `Serialize`.
#[derive(Clone, Copy)]
pub struct BySerialize;
/// The value is what a person would see.
#[derive(Clone, Copy)]
pub struct ByText;
/// In pieces of type `T`, as they become ready. It holds how a reply of type `R` becomes a stream, so that what `R` lacks for that
/// is an error where the rung is chosen, and nowhere else.
pub struct InStream<R, T>(pub(crate) fn(R) -> Pin<Box<dyn Stream<Item = T> + Send>>);
/// In pieces of type `T`, one after the other, on the spot.
pub struct InTurn<T>(PhantomData<fn() -> T>);

impl<T> Clone for ByDebug<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ByDebug<T> {}

/// Gives what a person sees of a `T`, or nothing where it is made from the value.
pub trait Text<T> {
    /// The text in this form.
    fn text(&self, reply: &T, form: Form) -> Option<String>;

    /// Whether the text may move the cursor.
    fn is_raw(&self, _reply: &T) -> bool {
        false
    }
}

/// Gives what a machine sees of a `T`, or nothing where that is the text.
pub trait Machine<T> {
    /// The value.
    fn value(&self, reply: &T) -> Option<Value>;
}

/// What is written, and no more of it than there is room for.
fn written(form: Form, write: impl FnOnce(&mut Page<'_>) -> fmt::Result) -> String {
    let mut text = String::new();
    let written = write(&mut Page::new(&mut text, form.width, form.room));
    if written.is_err() && text.len() <= form.room {
        text.push_str("(the rest could not be written)\n");
    }
    text
}

impl<T: CommandOutput> Text<T> for ByOutput {
    fn text(&self, reply: &T, form: Form) -> Option<String> {
        Some(written(form, |page| reply.text(page)))
    }

    fn is_raw(&self, reply: &T) -> bool {
        reply.is_raw(Ours::TOKEN)
    }
}

impl<T: CommandOutput> Machine<T> for ByOutput {
    fn value(&self, reply: &T) -> Option<Value> {
        Some(reply.value())
    }
}

impl<T: Display> Text<T> for ByDisplay {
    fn text(&self, reply: &T, form: Form) -> Option<String> {
        Some(written(form, |page| write!(page, "{reply}")))
    }
}

impl<T: Familiar> Text<T> for ByFamiliar {
    fn text(&self, reply: &T, _form: Form) -> Option<String> {
        Some(reply.familiar())
    }
}

impl<T> Text<T> for ByDebug<T> {
    fn text(&self, reply: &T, form: Form) -> Option<String> {
        Some((self.0)(reply, form))
    }
}

impl<T> Text<T> for ByValue {
    fn text(&self, _reply: &T, _form: Form) -> Option<String> {
        None
    }
}

impl<T: Serialize> Machine<T> for BySerialize {
    fn value(&self, reply: &T) -> Option<Value> {
        Some(Value::of(reply))
    }
}

impl<T> Machine<T> for ByText {
    fn value(&self, _reply: &T) -> Option<Value> {
        None
    }
}

/// The item of a reply that comes whole: there is none.
#[derive(Debug)]
pub enum NoItem {}

macro_rules! comes_whole {
    ($($rung:ty),*) => {
        $(impl $rung {
            /// The probe for its items.
            pub fn items(&self) -> Probe<NoItem, Spawned> {
                Probe::NEW
            }
        })*
    };
}

comes_whole!(ByOutput, ByItself, ByDisplay, ByFamiliar, ByValue);

impl<T> ByDebug<T> {
    /// The probe for its items.
    pub fn items(&self) -> Probe<NoItem, Spawned> {
        Probe::NEW
    }
}

impl<T> InTurn<T> {
    pub(crate) const RUNG: Self = Self(PhantomData);

    /// The probe for its items.
    pub fn items(&self) -> Probe<T, Spawned> {
        Probe::NEW
    }
}

impl<R, T> InStream<R, T> {
    pub(crate) fn of_stream() -> Self
    where
        R: Stream<Item = T> + InPieces,
    {
        Self(|stream| Box::pin(stream))
    }

    pub(crate) fn of_iterator() -> Self
    where
        R: Iterator<Item = T> + InPieces,
    {
        Self(|iterator| Box::pin(Turns(Box::new(iterator))))
    }

    /// The probe for its items.
    pub fn items(&self) -> Probe<T, Spawned> {
        Probe::NEW
    }
}
