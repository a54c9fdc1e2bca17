//! The guards of a command by themselves, for the check before a question.

use crate::command::arguments::Call;
use crate::command::ladder::Reply;
use crate::command::{Arity, Caller, Command, Supply};
use crate::dispatch::failure::Failure;
use crate::reply::Rendered;

impl Command {
    /// Whether any of its parameters is a guard.
    pub(crate) fn has_guards(&self) -> bool {
        self.parameters
            .iter()
            .any(|parameter| matches!(parameter.shape.arity, Arity::Supplied(Supply::Guard { .. })))
    }
}

/// Stands in for a command's function: asks its guards in order, and replies nothing.
pub(crate) fn check(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let caller = Caller::new(call);
    for parameter in call.command().parameters {
        if let Arity::Supplied(Supply::Guard { check }) = parameter.shape.arity {
            check(&caller).map_err(Failure::refused)?;
        }
    }
    Ok(Reply::Done(Rendered::NOTHING))
}
