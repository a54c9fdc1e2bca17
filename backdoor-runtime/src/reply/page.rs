//! The page that a reply writes its text to, and the trait of replies that write their own text.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::reply::table::{self, Column};
use crate::reply::{Value, wrap};

/// A reply that writes its own text.
///
/// It takes precedence over every other trait of the type.
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
    /// The text for a person.
    fn text(&self, page: &mut Page<'_>) -> fmt::Result;

    /// The value for `--json` and tests.
    fn value(&self) -> Value;

    #[doc(hidden)]
    fn is_raw(&self, _: Ours) -> bool {
        false
    }
}

/// No other crate can name it, so no other crate can declare a reply raw.
pub struct Ours(());

impl Ours {
    pub(crate) const TOKEN: Self = Self(());
}

/// The page for a [`CommandOutput`], written with `write!` and `writeln!`. A line that is wider than the operator's terminal is broken
/// between words and continues below the text that follows its first columns.
pub struct Page<'a> {
    text: &'a mut String,
    width: Option<usize>,
    room: usize,
    /// Where the unfinished line begins.
    line: usize,
}

impl<'a> Page<'a> {
    pub(crate) fn new(text: &'a mut String, width: Option<usize>, room: usize) -> Self {
        let line = text.len();
        Self { text, width, room, line }
    }

    /// Columns of the operator's terminal, if they are known; `None` for a script.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Writes the table of these records, fitted to the operator's terminal. `columns` says how the named columns are shortened if there is
    /// not enough room.
    ///
    /// # Errors
    /// The answer has no room for it.
    pub fn table(&mut self, rows: &[Value], columns: &[Column]) -> fmt::Result {
        let mut table = String::new();
        table::write(rows, columns, self.width, self.room, &mut table);
        self.write_str(&table)
    }

    /// One line, broken between words if it is too wide; it continues `hang` columns to the right.
    pub(crate) fn hanging(&mut self, text: &str, hang: usize) -> fmt::Result {
        let mut broken = String::new();
        wrap::line(text, self.width, hang, &mut broken);
        writeln!(self, "{broken}")
    }

    /// The same for parts that are not broken, with a space between two.
    pub(crate) fn hanging_parts(&mut self, parts: &[impl AsRef<str>], hang: usize) -> fmt::Result {
        let mut broken = String::new();
        wrap::whole(parts, self.width, hang, &mut broken);
        writeln!(self, "{broken}")
    }

    /// Breaks the finished lines that are too wide.
    fn break_lines(&mut self) {
        let Some(end) = self.text[self.line..].rfind('\n').map(|at| self.line + at) else { return };
        if let Cow::Owned(broken) = wrap::lines(&self.text[self.line..end], self.width) {
            self.text.replace_range(self.line..end, &broken);
        }
        self.line = self.text.rfind('\n').map_or(0, |at| at + 1);
    }

    /// Breaks the written text, also if it does not end in a newline.
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
        // One byte more, so that the cut is noticed. Further text is not needed.
        let room = self.room.saturating_add(1).saturating_sub(self.text.len());
        self.text.push_str(&text[..text.ceil_char_boundary(room)]);
        Err(fmt::Error)
    }
}
