//! How a reply becomes text for a person and a value for a machine: the ladder of traits that generated code climbs.
//!
//! A function may return what it likes. Only the macro's call site knows the concrete type, so the choice between `Display`,
//! `Serialize` and the rest is made there, by autoref: the probe's method is looked up with as many `&` as there are rungs, and the
//! compiler takes the first rung whose bounds hold. A rung is a type without data; the types of the rungs make one [`Show`](show::Show),
//! which the compiler alone climbs: one [`Runner`](signature::Runner) serves every command of the same signature.

pub(crate) mod error;
pub(crate) mod probe;
mod raw;
pub(crate) mod rungs;
pub(crate) mod runner;
pub(crate) mod show;
pub(crate) mod signature;

use std::fmt::{self, Write};
use std::pin::Pin;

use futures_core::Stream;

pub use self::raw::RawAnsi;
use crate::dispatch::failure::Failure;
use crate::dispatch::output::Tail;
use crate::reply::{Rendered, Value};

/// A reply that says itself how it is shown.
///
/// It wins over every other trait the type has.
///
/// ```
/// use std::fmt::{self, Write};
/// use backdoor_runtime::{backdoor_command, CommandOutput, Page, Value};
///
/// struct Load(f64);
///
/// impl CommandOutput for Load {
///     fn text(&self, page: &mut Page<'_>) -> fmt::Result {
///         let cells = page.width().unwrap_or(80).min(50);
///         writeln!(page, "{}", "#".repeat((self.0 * cells as f64) as usize))
///     }
///
///     fn value(&self) -> Value {
///         self.0.into()
///     }
/// }
///
/// /// How busy the workers are
/// #[backdoor_command(reads)]
/// fn load() -> Load {
///     Load(0.25)
/// }
/// ```
pub trait CommandOutput {
    /// What a person reads.
    fn text(&self, page: &mut Page<'_>) -> fmt::Result;

    /// What `--json`, pipelines and tests get.
    fn value(&self) -> Value;

    #[doc(hidden)]
    fn is_raw(&self, _: Ours) -> bool {
        false
    }
}

/// Nobody else can name it, so that nobody else can say that a reply is raw.
pub struct Ours(());

impl Ours {
    pub(crate) const TOKEN: Self = Self(());
}

/// What a [`CommandOutput`] writes its text to, with `write!` and `writeln!`.
pub struct Page<'a> {
    text: &'a mut String,
    width: Option<usize>,
    room: usize,
}

impl<'a> Page<'a> {
    pub(crate) fn new(text: &'a mut String, width: Option<usize>, room: usize) -> Self {
        Self { text, width, room }
    }

    /// Columns of the operator's terminal, where they are known: a script's are not.
    pub fn width(&self) -> Option<usize> {
        self.width
    }
}

impl Write for Page<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.len() <= self.room.saturating_sub(self.text.len()) {
            self.text.push_str(text);
            return Ok(());
        }
        // One more, so that it is seen to be cut. What would come is not wanted.
        let room = self.room.saturating_add(1).saturating_sub(self.text.len());
        self.text.push_str(&text[..text.ceil_char_boundary(room)]);
        Err(fmt::Error)
    }
}

/// What is left to do when a command's function has returned.
pub enum Reply {
    /// Nothing but to send it.
    Done(Rendered),
    /// To poll it to its end, on a runtime.
    Stream(Pieces),
    /// Its end alone: it was sent piece by piece.
    Sent(Tail),
}

/// The items of a reply that comes in pieces.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Result<Rendered, Failure>> + Send>>;
