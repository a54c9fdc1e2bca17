//! What an author, or a view of the console's, says of a column: which end of its text matters, and whether it may be left out.

/// Where a text is cut that its column has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cut {
    /// Its end goes: sentences.
    End,
    /// Its middle goes: names whose two ends tell them apart.
    Middle,
    /// Its begin goes, at a `/` where one is near: paths, addresses with a port.
    Start,
}

/// How a column of [`Page::table`](crate::Page::table) gives way where the terminal has no room for the whole table.
///
/// Numbers, durations, times and truths are never cut. A text is, unless [`whole`](Self::whole) says otherwise: one of several words
/// at its end, any other in its middle.
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
    /// The column of this name, which gives way as any other.
    pub const fn new(name: &'static str) -> Self {
        Self { name, cut: None, least: None, spare: 0, right: false, below: false }
    }

    /// Its texts are cut there.
    #[must_use]
    pub const fn cut(self, cut: Cut) -> Self {
        Self { cut: Some(cut), ..self }
    }

    /// Its texts are not cut to less than so many cells. Default: half of the longest, and not less than 8.
    #[must_use]
    pub const fn least(self, cells: usize) -> Self {
        Self { least: Some(cells), ..self }
    }

    /// Its texts are never cut.
    #[must_use]
    pub const fn whole(self) -> Self {
        self.least(usize::MAX)
    }

    /// It is left out where there is no room for all: those of order 1 first, then those of order 2, and so on. Default: 0, which
    /// never is: rather, each row is shown as lines of names and values.
    #[must_use]
    pub const fn spare(self, order: u8) -> Self {
        Self { spare: order, ..self }
    }

    /// Where there is no room for all, its text stands below its row, whole: a reason, a message.
    #[must_use]
    pub const fn below(self) -> Self {
        Self { below: true, ..self }
    }

    /// Its texts end below each other, as numbers do: sizes with their units.
    #[must_use]
    pub const fn right(self) -> Self {
        Self { right: true, ..self }
    }
}
