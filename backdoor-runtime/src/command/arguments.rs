//! The words of one line, bound to a command's parameters, and the call that turns them into values.
//!
//! Binding checks syntax and runs on the console's thread. Extracting a value runs the author's code, so it happens where the command runs.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use crate::Session;
use crate::call::failure::Failure;
use crate::command::effect::Effect;
use crate::command::from_arg::ArgError;
use crate::command::parameter::Parameter;
use crate::command::states::States;
use crate::reply::Form;

/// The words of one line by parameter, in the order of the line.
#[derive(Clone, Debug)]
pub(crate) struct Arguments {
    pub(crate) line: Arc<str>,
    pub(crate) slots: Vec<Slot>,
}

/// One word, or one half of `--name=value`, and the parameter it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slot {
    /// The index among the command's parameters.
    pub(crate) parameter: usize,
    /// The bytes of the line to underline if the value is wrong.
    pub(crate) range: Range<usize>,
    pub(crate) given: Given,
}

/// The operator's value for a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    /// A part of the line, unchanged.
    Piece(Range<usize>),
    /// A word whose quotes or escapes were removed.
    Unquoted(Box<str>),
    /// A flag.
    On,
    /// A flag by its `--no-` form.
    Off,
}

/// The facts about a command that its call needs.
#[derive(Clone, Copy)]
pub(crate) struct Callee {
    pub(crate) name: &'static str,
    pub(crate) effect: Effect,
    pub(crate) parameters: &'static [Parameter],
}

/// One call of a command: hands out the values of its parameters in order.
pub struct Call<'a> {
    callee: Callee,
    arguments: &'a Arguments,
    states: &'a States,
    session: &'a Session,
    form: Form,
    is_rehearsal: bool,
    next: usize,
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        callee: Callee,
        arguments: &'a Arguments,
        states: &'a States,
        session: &'a Session,
        form: Form,
    ) -> Self {
        Self { callee, arguments, states, session, form, is_rehearsal: false, next: 0 }
    }

    /// The same without the call of the function.
    pub(crate) fn rehearsal(self) -> Self {
        Self { is_rehearsal: true, ..self }
    }

    /// Called after all arguments are extracted. Returns false for a rehearsal; otherwise the function is called next, and the record of
    /// the run says so.
    pub(crate) fn calls(&self) -> bool {
        if !self.is_rehearsal {
            self.session.link.note_call();
        }
        !self.is_rehearsal
    }

    /// The name of the command, as declared.
    pub(crate) fn command(&self) -> &'static str {
        self.callee.name
    }

    pub(crate) fn effect(&self) -> Effect {
        self.callee.effect
    }

    pub(crate) fn states(&self) -> &'a States {
        self.states
    }

    pub(crate) fn session(&self) -> &'a Session {
        self.session
    }

    /// The form in which the reply is wanted.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// Skips a parameter that is not on the line.
    pub(crate) fn skip(&mut self) {
        self.next += 1;
    }

    pub(crate) fn flag<T: Any + Send>(
        &mut self,
        parse: fn(&str) -> Result<T, ArgError>,
    ) -> Result<T, Failure> {
        let (parameter, given) = self.advance();
        match given.last() {
            Some(slot) => self.parse(parameter, slot, parse),
            None if parameter.default.is_some() => Ok(default_of(parameter)),
            None => parse("false")
                .map_err(|error| Failure::usage(format!("{}: {error}", parameter.label()), None)),
        }
    }

    pub(crate) fn one<T: Any + Send>(
        &mut self,
        parse: fn(&str) -> Result<T, ArgError>,
    ) -> Result<T, Failure> {
        let (parameter, given) = self.advance();
        match given.last() {
            Some(slot) => self.parse(parameter, slot, parse),
            None if parameter.default.is_some() => Ok(default_of(parameter)),
            None => Err(Failure::usage(format!("missing argument {}", parameter.placeholder()), None)),
        }
    }

    pub(crate) fn optional<T: Any + Send>(
        &mut self,
        parse: fn(&str) -> Result<T, ArgError>,
    ) -> Result<Option<T>, Failure> {
        let (parameter, given) = self.advance();
        given.last().map(|slot| self.parse(parameter, slot, parse)).transpose()
    }

    pub(crate) fn many<T: Any + Send>(
        &mut self,
        parse: fn(&str) -> Result<T, ArgError>,
    ) -> Result<Vec<T>, Failure> {
        let (parameter, given) = self.advance();
        if given.is_empty() && parameter.default.is_some() {
            return Ok(default_of(parameter));
        }
        given.iter().map(|slot| self.parse(parameter, slot, parse)).collect()
    }

    /// The next parameter and its slots, which binding puts side by side.
    fn advance(&mut self) -> (&'static Parameter, &'a [Slot]) {
        let index = self.next;
        self.next += 1;
        let slots = &self.arguments.slots;
        let from = slots.partition_point(|slot| slot.parameter < index);
        let to = slots.partition_point(|slot| slot.parameter <= index);
        (&self.callee.parameters[index], &slots[from..to])
    }

    fn parse<T: Any + Send>(
        &self,
        parameter: &Parameter,
        slot: &Slot,
        parse: fn(&str) -> Result<T, ArgError>,
    ) -> Result<T, Failure> {
        let word = match &slot.given {
            Given::Piece(range) => &self.arguments.line[range.clone()],
            Given::Unquoted(text) => text,
            Given::On => "true",
            Given::Off => "false",
        };
        let wrong = |message: String| {
            Failure::usage(format!("{}: {message}", parameter.label()), Some(slot.range.clone()))
        };
        let is_secret = parameter.secrecy.is_secret();
        let value = parse(word).map_err(|error| match is_secret {
            // The author's error may contain the value.
            true => wrong(format!("not a valid {}; {NOT_SHOWN}", parameter.shape.value)),
            false => wrong(error.told(word, parameter.range)),
        })?;
        match &parameter.range {
            Some(range) if !(range.bounds)().contains(&value) => {
                let accepted = "what the command accepts";
                Err(wrong(match is_secret {
                    true => format!(
                        "out of range {}; {NOT_SHOWN}",
                        range.text().unwrap_or_else(|| accepted.to_owned())
                    ),
                    false => range.refusal(word, accepted),
                }))
            }
            _ => Ok(value),
        }
    }
}

/// The reason why a message does not show its value.
const NOT_SHOWN: &str = "the value is not shown because it is secret";

fn default_of<T: Any>(parameter: &Parameter) -> T {
    let default = parameter.default.expect("the caller has looked");
    let value: Box<dyn Any> = (default.make)();
    *value.downcast().expect("the macro makes the default of the parameter's own type")
}
