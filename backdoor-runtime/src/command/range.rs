//! `#[arg(range = ..)]`: the values a parameter accepts.

use std::any::Any;
use std::ops::{self, RangeBounds};

use crate::base::escape::escape_line;

/// The range of a parameter.
#[derive(Clone, Copy)]
pub struct Range {
    /// Evaluates it.
    pub bounds: fn() -> Box<dyn Bounds>,
    /// The author's expression if its bounds are literals, which need no evaluation.
    pub literal: Option<&'static str>,
}

/// An evaluated range of any type.
pub trait Bounds {
    /// Whether a value of the parameter's item type is within it.
    fn contains(&self, value: &dyn Any) -> bool;

    /// The range as `0..=63`, if its type can be written.
    fn show(&self) -> Option<String>;
}

/// A range of the standard library whose ends have the type `T`.
#[diagnostic::on_unimplemented(
    message = "`range` takes a range of the parameter's own type, `{T}`",
    label = "not a range of `{T}`",
    note = "write it as `range = low..=high`, `low..high`, `low..`, `..high` or `..=high`"
)]
pub trait RangeOf<T>: RangeBounds<T> {
    /// The dots between its bounds.
    #[doc(hidden)]
    const DOTS: &'static str;
}

#[diagnostic::do_not_recommend]
impl<T> RangeOf<T> for ops::Range<T> {
    const DOTS: &'static str = "..";
}

#[diagnostic::do_not_recommend]
impl<T> RangeOf<T> for ops::RangeInclusive<T> {
    const DOTS: &'static str = "..=";
}

#[diagnostic::do_not_recommend]
impl<T> RangeOf<T> for ops::RangeFrom<T> {
    const DOTS: &'static str = "..";
}

#[diagnostic::do_not_recommend]
impl<T> RangeOf<T> for ops::RangeTo<T> {
    const DOTS: &'static str = "..";
}

#[diagnostic::do_not_recommend]
impl<T> RangeOf<T> for ops::RangeToInclusive<T> {
    const DOTS: &'static str = "..=";
}

pub(crate) fn typed<T, R>(range: R, show: fn(&T) -> Option<String>) -> Box<dyn Bounds>
where
    T: PartialOrd + 'static,
    R: RangeOf<T> + 'static,
{
    Box::new(Typed { range, show })
}

struct Typed<T, R> {
    range: R,
    show: fn(&T) -> Option<String>,
}

impl<T: PartialOrd + 'static, R: RangeOf<T>> Bounds for Typed<T, R> {
    fn contains(&self, value: &dyn Any) -> bool {
        value.downcast_ref::<T>().is_some_and(|value| self.range.contains(value))
    }

    fn show(&self) -> Option<String> {
        let end = |bound: ops::Bound<&T>| match bound {
            ops::Bound::Included(value) | ops::Bound::Excluded(value) => (self.show)(value),
            ops::Bound::Unbounded => Some(String::new()),
        };
        Some(format!("{}{}{}", end(self.range.start_bound())?, R::DOTS, end(self.range.end_bound())?))
    }
}

impl Range {
    pub(crate) fn text(&self) -> Option<String> {
        self.literal.map(str::to_owned).or_else(|| (self.bounds)().show())
    }

    /// The reason why a value outside of it is refused. A range that cannot be written is called `accepted`.
    pub(crate) fn refusal(&self, word: &str, accepted: &str) -> String {
        let bounds = self.text().unwrap_or_else(|| accepted.to_owned());
        format!("{} is out of range {bounds}", escape_line(word))
    }

    /// Whether it has two bounds that can be written.
    pub(crate) fn is_closed(&self) -> bool {
        self.text().is_some_and(|text| !text.starts_with("..") && !text.ends_with(".."))
    }
}
