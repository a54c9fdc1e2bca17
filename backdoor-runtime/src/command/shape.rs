//! The properties of a parameter that follow from its type, and its default, as constants.

use std::any::{Any, TypeId};

use crate::command::from_arg::ChoiceWord;

/// The properties of a parameter's type.
#[derive(Clone, Copy)]
pub struct Shape {
    /// How many words it takes, or what supplies it.
    pub arity: Arity,
    /// The name of one value in help: `number`.
    pub value: &'static str,
    /// The accepted words, if they are a fixed set.
    pub choices: &'static [ChoiceWord],
    /// Why the type cannot be a parameter, if it cannot.
    pub why_not: Option<&'static str>,
}

/// How many words a parameter takes.
#[derive(Clone, Copy)]
pub enum Arity {
    /// Exactly one.
    Required,
    /// One or none.
    Optional,
    /// All remaining words, or one each time the option is given.
    Many,
    /// None: the flag is given or absent.
    Flag,
    /// None: the server supplies the value.
    Supplied(Supply),
}

/// What a supplied parameter needs from the server.
#[derive(Clone, Copy)]
pub enum Supply {
    /// The session of the operator who called.
    Session,
    /// A value that was given to the builder.
    State {
        /// Its type.
        id: fn() -> TypeId,
        /// The name of its type, for the startup check.
        name: fn() -> &'static str,
    },
    /// The author's check of the caller.
    Guard,
}

/// `#[arg(default = ..)]`.
#[derive(Clone, Copy)]
pub struct Default {
    /// Evaluates it. The value has the parameter's type.
    pub make: fn() -> Box<dyn Any + Send>,
    /// Writes it as the operator would type it, if its type can.
    pub show: fn(&dyn Any) -> Option<String>,
    /// The author's expression, if it is a literal, which needs no evaluation.
    pub literal: Option<&'static str>,
}

impl Default {
    /// Evaluates it and writes it as the operator would type it.
    pub(crate) fn text(&self) -> Option<String> {
        (self.show)(&*(self.make)()).or_else(|| self.literal.map(str::to_owned))
    }
}
