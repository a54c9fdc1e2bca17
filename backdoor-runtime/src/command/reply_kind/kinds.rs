//! The kinds: each makes the text or the value of a reply by one trait.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::{self, Debug, Display, Formatter, Write};
use std::marker::PhantomData;

use serde_core::Serialize;

use crate::call::written::Written;
use crate::reply::page::Ours;
use crate::reply::std_display::Familiar;
use crate::reply::{CommandOutput, Page};
use crate::reply::{Form, Value};

/// A type that the last kind can show.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the reply of a backdoor command",
    label = "not a reply type",
    note = "derive `Debug` or `serde::Serialize` for `{Self}`, implement `Display`, or return text; `Result`, `Option` and `Stream` of those work too"
)]
pub trait ReplyType {
    /// Writes it by its `Debug`.
    #[doc(hidden)]
    fn debug(&self, f: &mut Formatter<'_>) -> fmt::Result;
}

#[diagnostic::do_not_recommend]
impl<T: Debug> ReplyType for T {
    fn debug(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.fmt(f)
    }
}

/// By `Debug`, for a type that cannot implement it itself.
struct Debugged<'a, T>(&'a T);

impl<T: ReplyType> Debug for Debugged<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.debug(f)
    }
}

/// A collection that can be shown if its items can; errors are about the items.
pub trait Collection {
    /// The type of its items; for a map, of the values.
    type Item;

    /// Writes it by its `Debug`.
    fn debug(&self, f: &mut Formatter<'_>) -> fmt::Result
    where
        Self::Item: ReplyType;
}

macro_rules! collections {
    ($debug:ident: $(($($generics:tt)*) $collection:ty;)*) => {$(
        impl<T, $($generics)*> Collection for $collection {
            type Item = T;

            fn debug(&self, f: &mut Formatter<'_>) -> fmt::Result
            where
                T: ReplyType,
            {
                f.$debug().entries(self.iter().map(Debugged)).finish()
            }
        }
    )*};
}

collections! { debug_list: () Vec<T>; () VecDeque<T>; () Box<[T]>; () &'static [T]; (const N: usize) [T; N]; }
collections! { debug_set: () BTreeSet<T>; (S) HashSet<T, S>; }

macro_rules! maps {
    ($(($($generics:tt)*) $map:ty;)*) => {$(
        impl<K: Debug, T, $($generics)*> Collection for $map {
            type Item = T;

            fn debug(&self, f: &mut Formatter<'_>) -> fmt::Result
            where
                T: ReplyType,
            {
                f.debug_map().entries(self.iter().map(|(key, value)| (key, Debugged(value)))).finish()
            }
        }
    )*};
}

maps! { () BTreeMap<K, T>; (S) HashMap<K, T, S>; }

/// Text by [`CommandOutput`].
pub struct ByOutput;
/// The text that is itself the reply.
pub struct ByItself;
/// Text by `Display`.
pub struct ByDisplay;
/// Text by a rendering of ours, for types of the standard library without `Display`.
pub struct ByFamiliar;
/// Text by `Debug`.
pub struct ByDebug;
/// Text by the `Debug` of its items.
pub struct ByItems;
/// Text made from the value: tables, keys and values.
pub struct ByValue;
/// Value by `Serialize`.
pub struct BySerialize;
/// The value is the text for a person.
pub struct ByText;
/// In pieces of type `T`, as they become ready.
pub struct InStream<T>(pub(crate) PhantomData<fn() -> T>);
/// In pieces of type `T`, one after the other, with a yield to other tasks between them.
pub struct InTurns<T>(pub(crate) PhantomData<fn() -> T>);
/// In pieces of type `T`, one after the other, on the calling thread.
pub struct InTurn<T>(pub(crate) PhantomData<fn() -> T>);
/// The kind of an item if there are no items.
pub struct NoItem;

/// Makes the text of a `T` for a person; nothing if the text is made from the value.
pub trait Text<T> {
    /// The text in this form.
    fn text(reply: &T, form: Form) -> Option<String>;

    /// Whether the text may move the cursor.
    fn is_raw(_reply: &T) -> bool {
        false
    }
}

/// Makes the value of a `T` for a program; nothing if the value is the text.
pub trait Machine<T> {
    /// The value, and whether it is complete.
    fn value(reply: &T, form: Form) -> Option<(Value, bool)>;
}

/// The written text, up to its limit.
fn written(form: Form, write: impl FnOnce(&mut Page<'_>) -> fmt::Result) -> String {
    let mut text = Written::default();
    let mut page = Page::new(&mut text.0, form.width, form.room);
    let written = write(&mut page);
    page.end();
    let mut text = text.done();
    if written.is_err() && text.len() <= form.room {
        text.push_str("(the rest could not be written)\n");
    }
    text
}

impl<T: CommandOutput> Text<T> for ByOutput {
    fn text(reply: &T, form: Form) -> Option<String> {
        Some(written(form, |page| reply.text(page)))
    }

    fn is_raw(reply: &T) -> bool {
        reply.is_raw(Ours::TOKEN)
    }
}

impl<T: CommandOutput> Machine<T> for ByOutput {
    fn value(reply: &T, _form: Form) -> Option<(Value, bool)> {
        Some((reply.value(), true))
    }
}

impl<T: Display> Text<T> for ByDisplay {
    fn text(reply: &T, form: Form) -> Option<String> {
        Some(written(form, |page| write!(page, "{reply}")))
    }
}

impl<T: Familiar> Text<T> for ByFamiliar {
    fn text(reply: &T, _form: Form) -> Option<String> {
        Some(reply.familiar())
    }
}

impl<T: ReplyType> Text<T> for ByDebug {
    fn text(reply: &T, form: Form) -> Option<String> {
        Some(written(form, |page| write!(page, "{:#?}", Debugged(reply))))
    }
}

impl<T: Collection<Item: ReplyType>> Text<T> for ByItems {
    fn text(reply: &T, form: Form) -> Option<String> {
        struct Items<'a, T>(&'a T);

        impl<T: Collection<Item: ReplyType>> Debug for Items<'_, T> {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                self.0.debug(f)
            }
        }

        Some(written(form, |page| write!(page, "{:#?}", Items(reply))))
    }
}

impl<T> Text<T> for ByValue {
    fn text(_reply: &T, _form: Form) -> Option<String> {
        None
    }
}

impl<T: Serialize> Machine<T> for BySerialize {
    fn value(reply: &T, form: Form) -> Option<(Value, bool)> {
        Some(Value::within(reply, form.room))
    }
}

impl<T> Machine<T> for ByText {
    fn value(_reply: &T, _form: Form) -> Option<(Value, bool)> {
        None
    }
}
