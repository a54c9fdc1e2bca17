//! What is known of a parameter by its type, and its default, as constants.

use std::any::{Any, TypeId};

use crate::command::from_arg::ChoiceWord;

/// What a parameter's type says of it.
#[derive(Clone, Copy)]
pub struct Shape {
    /// How many words it takes, and from whom.
    pub arity: Arity,
    /// What help calls one value: `number`.
    pub value: &'static str,
    /// The words it may be, where that is a fixed set.
    pub choices: &'static [ChoiceWord],
    /// Why there is no such parameter, where there is none.
    pub why_not: Option<&'static str>,
}

/// How many words a parameter takes.
#[derive(Clone, Copy)]
pub enum Arity {
    /// Exactly one.
    Required,
    /// One or none.
    Optional,
    /// All that remain, or one each time it is named.
    Many,
    /// None: it is named or it is not.
    Flag,
    /// None: the server gives the value.
    Supplied(Supply),
}

/// What a supplied parameter needs.
#[derive(Clone, Copy)]
pub enum Supply {
    /// The session of the operator who called.
    Session,
    /// A value that was given to the builder.
    State {
        /// Its type.
        id: fn() -> TypeId,
        /// Its type's name, for the report at start.
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
    /// Writes it as the operator would type it, where its type can.
    pub show: fn(&dyn Any) -> Option<String>,
    /// The author's expression where it is a literal, which needs no evaluation.
    pub literal: Option<&'static str>,
}

impl Default {
    /// Evaluates it and writes it as the operator would type it.
    pub(crate) fn text(&self) -> Option<String> {
        (self.show)(&*(self.make)()).or_else(|| self.literal.map(str::to_owned))
    }
}
