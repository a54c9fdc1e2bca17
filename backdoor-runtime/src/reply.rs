//! What a command replies: a value for machines, and what a person sees of it.

pub(crate) mod cell;
mod convert;
pub(crate) mod figures;
pub(crate) mod fitted;
pub(crate) mod items;
pub(crate) mod json;
mod lines;
pub(crate) mod page;
mod record;
pub(crate) mod scalar;
mod serialize;
pub(crate) mod std_display;
pub(crate) mod table;
pub(crate) mod text;
mod value;
pub(crate) mod wrap;

pub use page::{CommandOutput, Page};
pub(crate) use record::record;
pub use table::{Column, Cut};
pub use value::Value;

/// What a reply is wanted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Text for a person; else one line of JSON.
    pub text: bool,
    /// The value itself beside it, for tests.
    pub kept: bool,
    /// Columns of the person's terminal, where they are known.
    pub width: Option<usize>,
    /// The most bytes of it: what goes beyond is not made.
    pub room: usize,
}

/// One reply, or one item of it, as it was wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// What a person sees; made from the value where there is none.
    pub text: Option<String>,
    /// What a machine sees.
    pub value: Option<Value>,
    /// Whether the value is all of it: the rest of one that has no room in the answer is not made.
    pub is_whole: bool,
    /// Whether the text goes to a terminal as it is.
    pub raw: bool,
}

impl Form {
    /// Text for a person.
    pub(crate) fn text(width: Option<usize>) -> Self {
        Self { text: true, kept: false, width, room: usize::MAX }
    }

    /// Whether the value is needed, in whatever form.
    pub(crate) fn wants_value(self) -> bool {
        !self.text || self.kept
    }
}

impl Rendered {
    /// The reply of a command that has nothing to say.
    pub const NOTHING: Self =
        Self { text: Some(String::new()), value: Some(Value::Null), is_whole: true, raw: false };

    /// The reply that might have been there: a person sees that it is not.
    pub(crate) fn none() -> Self {
        Self { text: Some(format!("{}\n", text::NONE)), ..Self::NOTHING }
    }

    /// What a person sees.
    pub(crate) fn into_text(self, form: Form) -> String {
        match (self.text, self.value) {
            (Some(text), _) => text,
            (None, Some(value)) => text::render_within(&value, form.width, form.room),
            (None, None) => String::new(),
        }
    }

    /// What a machine sees.
    pub(crate) fn into_value(self) -> Value {
        match (self.value, self.text) {
            (Some(value), _) => value,
            (None, Some(text)) => Value::Text(text),
            (None, None) => Value::Null,
        }
    }
}
