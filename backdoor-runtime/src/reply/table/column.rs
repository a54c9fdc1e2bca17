//! How a column of a table may be shortened: which end of its text matters, and whether it may be left out.

/// Where a text is cut if its column is too narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cut {
    /// The end is cut: sentences.
    End,
    /// The middle is cut: names that differ at both ends.
    Middle,
    /// The start is cut, at a `/` if one is near: paths, addresses with a port.
    Start,
}

/// How a column of [`Page::table`](crate::Page::table) is shortened if the terminal has no room for the whole table.
///
/// Numbers, durations, times and booleans are never cut. A text is cut unless [`whole`](Self::whole) is set: at its end if it has several
/// words, else in its middle.
///
/// ```
/// use backdoor_runtime::{Column, Cut};
///
/// const COLUMNS: [Column; 2] = [Column::new("place").cut(Cut::Start), Column::new("parent").spare(1)];
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub(super) name: &'static str,
    pub(super) cut: Option<Cut>,
    pub(super) least: Option<usize>,
    pub(super) spare: u8,
    pub(super) right: bool,
    pub(super) below: bool,
}

impl Column {
    /// The column of this name, with the defaults.
    pub const fn new(name: &'static str) -> Self {
        Self { name, cut: None, least: None, spare: 0, right: false, below: false }
    }

    /// Where its texts are cut.
    #[must_use]
    pub const fn cut(self, cut: Cut) -> Self {
        Self { cut: Some(cut), ..self }
    }

    /// The least width of its texts, in cells. Default: half of the longest text, and not less than 8.
    #[must_use]
    pub const fn least(self, cells: usize) -> Self {
        Self { least: Some(cells), ..self }
    }

    /// Its texts are never cut.
    #[must_use]
    pub const fn whole(self) -> Self {
        self.least(usize::MAX)
    }

    /// The order in which columns are left out if there is no room for all: order 1 first, then 2, and so on. Default: 0, never; then each
    /// row is shown as lines of names and values instead.
    #[must_use]
    pub const fn spare(self, order: u8) -> Self {
        Self { spare: order, ..self }
    }

    /// If there is no room for all columns, its text is shown in full below its row: a reason, a message.
    #[must_use]
    pub const fn below(self) -> Self {
        Self { below: true, ..self }
    }

    /// Its texts are aligned to the right, as numbers are: sizes with their units.
    #[must_use]
    pub const fn right(self) -> Self {
        Self { right: true, ..self }
    }
}
