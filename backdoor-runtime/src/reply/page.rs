//! What a reply writes its text to, and the trait of replies that do so themselves.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::reply::table::{self, Column};
use crate::reply::{Value, wrap};

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

/// What a [`CommandOutput`] writes its text to, with `write!` and `writeln!`. A line that is wider than the operator's terminal is
/// broken between words, and goes on below the text that follows its first columns.
pub struct Page<'a> {
    text: &'a mut String,
    width: Option<usize>,
    room: usize,
    /// Where the line begins that is not ended yet.
    line: usize,
}

impl<'a> Page<'a> {
    pub(crate) fn new(text: &'a mut String, width: Option<usize>, room: usize) -> Self {
        let line = text.len();
        Self { text, width, room, line }
    }

    /// Columns of the operator's terminal, where they are known: a script's are not.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Writes the table of these records, fitted to the operator's terminal. Of those columns that are named here it is known how
    /// they give way where there is no room for all.
    ///
    /// # Errors
    /// There is no room for it in the answer.
    pub fn table(&mut self, rows: &[Value], columns: &[Column]) -> fmt::Result {
        let mut table = String::new();
        table::write(rows, columns, self.width, self.room, &mut table);
        self.write_str(&table)
    }

    /// One line that is broken between words where it is too wide, and goes on `hang` columns to the right.
    pub(crate) fn hanging(&mut self, text: &str, hang: usize) -> fmt::Result {
        let mut broken = String::new();
        wrap::line(text, self.width, hang, &mut broken);
        writeln!(self, "{broken}")
    }

    /// The same of parts that stay whole, with a space between two.
    pub(crate) fn hanging_parts(&mut self, parts: &[impl AsRef<str>], hang: usize) -> fmt::Result {
        let mut broken = String::new();
        wrap::whole(parts, self.width, hang, &mut broken);
        writeln!(self, "{broken}")
    }

    /// Breaks the lines that have ended and are too wide.
    fn break_lines(&mut self) {
        let Some(end) = self.text[self.line..].rfind('\n').map(|at| self.line + at) else { return };
        if let Cow::Owned(broken) = wrap::lines(&self.text[self.line..end], self.width) {
            self.text.replace_range(self.line..end, &broken);
        }
        self.line = self.text.rfind('\n').map_or(0, |at| at + 1);
    }

    /// Breaks what is written, also where it does not end in a newline.
    pub(crate) fn end(self) {
        if let Cow::Owned(broken) = wrap::lines(&self.text[self.line..], self.width) {
            self.text.truncate(self.line);
            self.text.push_str(&broken);
        }
    }
}

impl Write for Page<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.len() <= self.room.saturating_sub(self.text.len()) {
            self.text.push_str(text);
            if self.width.is_some() {
                self.break_lines();
            }
            return Ok(());
        }
        // One more, so that it is seen to be cut. What would come is not wanted.
        let room = self.room.saturating_add(1).saturating_sub(self.text.len());
        self.text.push_str(&text[..text.ceil_char_boundary(room)]);
        Err(fmt::Error)
    }
}
