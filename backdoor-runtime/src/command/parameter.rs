//! One parameter of a command: its declaration, and its form on the line.

use crate::command::range::Range;
use crate::command::secrecy::Secrecy;
use crate::command::shape::{Arity, Default, Shape};

/// One parameter of a command.
///
/// The fields are references because the compiler checks each type of field in every command for interior mutability.
pub struct Parameter {
    /// In kebab-case, as help shows it.
    pub name: &'static str,
    /// Its doc comment.
    pub help: &'static str,
    /// The properties of its type.
    pub shape: &'static Shape,
    /// Its form on the line.
    pub style: Style,
    /// Its default.
    pub default: Option<&'static Default>,
    /// The accepted values.
    pub range: Option<&'static Range>,
    /// The author's provider of completions.
    pub complete: Option<Complete>,
    /// Whether its values are secret.
    pub secrecy: Secrecy,
}

/// An author's provider of completions: returns the completions of a partial word.
pub type Complete = fn(&str) -> Vec<String>;

/// The form of a parameter on the line. Flags are always options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// By its place among the others.
    Positional,
    /// By name: `--long`, `-s`.
    Option {
        /// The long name; the parameter's own name if `long` was given without a value.
        long: Option<&'static str>,
        /// The letter of the short form.
        short: Option<char>,
    },
    /// The raw tail of the line.
    Rest,
}

impl Parameter {
    /// A positional parameter without other keys. A function call costs the compiler much less than a literal with these fields, each of
    /// which it checks for interior mutability.
    pub const fn plain(name: &'static str, help: &'static str, shape: &'static Shape) -> Self {
        Self {
            name,
            help,
            shape,
            style: Style::Positional,
            default: None,
            range: None,
            complete: None,
            secrecy: Secrecy::Public,
        }
    }

    /// Whether the operator types it, in any form.
    pub const fn is_typed(&self) -> bool {
        !matches!(self.shape.arity, Arity::Supplied(_))
    }

    /// Whether it is given by name: it is declared so, or a flag.
    pub const fn is_option(&self) -> bool {
        self.is_typed()
            && (matches!(self.style, Style::Option { .. }) || matches!(self.shape.arity, Arity::Flag))
    }

    /// Whether it is given by its place.
    pub const fn is_positional(&self) -> bool {
        self.is_typed() && !self.is_option() && !matches!(self.style, Style::Rest)
    }

    /// Whether it may be left out.
    pub const fn may_be_absent(&self) -> bool {
        self.default.is_some() || !matches!(self.shape.arity, Arity::Required)
    }

    /// The name after `--`, if it has one.
    pub const fn long(&self) -> Option<&'static str> {
        match self.style {
            Style::Option { long, short } if self.is_option() => match (long, short, self.shape.arity) {
                (None, None, _) | (None, _, Arity::Flag) => Some(self.name),
                (long, ..) => long,
            },
            _ if self.is_option() => Some(self.name),
            _ => None,
        }
    }

    /// The letter after `-`, if it has one.
    pub const fn short(&self) -> Option<char> {
        match self.style {
            Style::Option { short, .. } if self.is_option() => short,
            _ => None,
        }
    }

    /// The name in errors: `--shard` for an option, `level` for a positional.
    pub(crate) fn label(&self) -> String {
        match (self.long(), self.short()) {
            (Some(long), _) => format!("--{long}"),
            (None, Some(short)) => format!("-{short}"),
            (None, None) => self.name.to_owned(),
        }
    }

    /// `<level>`, `--by <number>`: for a message about a missing value.
    pub(crate) fn placeholder(&self) -> String {
        let range = self.range.and_then(|range| range.literal);
        form(self, range, None)
    }
}

/// The form of a parameter, without the brackets of an optional one.
pub(super) fn form(parameter: &Parameter, range: Option<&str>, default: Option<&str>) -> String {
    let names = match (parameter.short(), parameter.long()) {
        (Some(short), Some(long)) => format!("-{short}|--{long}"),
        (Some(short), None) => format!("-{short}"),
        (None, Some(long)) if default == Some("true") => format!("--no-{long}"),
        (None, Some(long)) => format!("--{long}"),
        (None, None) if matches!(parameter.style, Style::Rest) => return format!("<{}...>", parameter.name),
        (None, None) => return format!("<{}>", parameter.name),
    };
    match parameter.shape.arity {
        Arity::Flag => names,
        _ => format!("{names} <{}>", value_form(parameter, range)),
    }
}

/// The text between the brackets of an option's value: its range, its few choices, or the name of a value.
fn value_form(parameter: &Parameter, range: Option<&str>) -> String {
    const ROOM_FOR_CHOICES: usize = 40;
    if let Some(range) = range {
        return range.to_owned();
    }
    let choices: Vec<&str> = parameter.shape.choices.iter().map(|choice| choice.name).collect();
    let choices = choices.join("|");
    if choices.is_empty() || choices.len() > ROOM_FOR_CHOICES {
        parameter.shape.value.to_owned()
    } else {
        choices
    }
}
