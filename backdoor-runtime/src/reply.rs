//! The reply of a command: a value for programs, and text for a person.

pub(crate) mod cell;
mod convert;
pub(crate) mod figures;
pub(crate) mod fitted;
#[cfg(feature = "console")]
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

/// The requested form of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Text for a person; else one line of JSON.
    pub text: bool,
    /// Whether the value is kept beside it, for tests.
    pub kept: bool,
    /// The width of the terminal, if it is known.
    pub width: Option<usize>,
    /// The limit in bytes: output beyond it is not made.
    pub room: usize,
}

/// One reply, or one item of it, in the requested form.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The text for a person; made from the value if there is none.
    pub text: Option<String>,
    /// The value for a program.
    pub value: Option<Value>,
    /// Whether the value is complete: parts beyond the limit of the answer are not made.
    pub is_whole: bool,
    /// Whether the text goes to a terminal unescaped.
    pub raw: bool,
}

impl Form {
    /// Text for a person.
    pub(crate) fn text(width: Option<usize>) -> Self {
        Self { text: true, kept: false, width, room: usize::MAX }
    }

    /// Whether the value is needed in any form.
    pub(crate) fn wants_value(self) -> bool {
        !self.text || self.kept
    }
}

impl Rendered {
    /// The reply of a command without output.
    pub const NOTHING: Self =
        Self { text: Some(String::new()), value: Some(Value::Null), is_whole: true, raw: false };

    /// The reply for a missing value: a person sees that it is missing.
    pub(crate) fn none() -> Self {
        Self { text: Some(format!("{}\n", text::NONE)), ..Self::NOTHING }
    }

    /// The text for a person.
    pub(crate) fn into_text(self, form: Form) -> String {
        match (self.text, self.value) {
            (Some(text), _) => text,
            (None, Some(value)) => text::render_within(&value, form.width, form.room),
            (None, None) => String::new(),
        }
    }

    /// The value for a program.
    pub(crate) fn into_value(self) -> Value {
        match (self.value, self.text) {
            (Some(value), _) => value,
            (None, Some(text)) => Value::Text(text),
            (None, None) => Value::Null,
        }
    }
}
