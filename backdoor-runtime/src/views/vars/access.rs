//! Variables as the code of the service reads and sets them.

use crate::base::escape::escape_line;
use crate::changes::Change;
use crate::changes::entry::{Actor, Intent, What};
use crate::changes::journal::JOURNAL;
use crate::exec::claim::Claim;
use crate::views::vars::error::VarError;
use crate::views::vars::info::{Seen, VarInfo};
use crate::views::vars::set::Order;
use crate::views::vars::terms::Terms;
use crate::views::vars::{console, registry, set as setting};

/// All variables by name, hidden ones too, read on this thread.
pub fn list() -> Vec<VarInfo> {
    registry::all().iter().map(|found| VarInfo::new(found, Seen::of(found))).collect()
}

/// The variable of this name, read on this thread.
///
/// # Errors
/// There is no such variable.
pub fn get(name: &str) -> Result<VarInfo, VarError> {
    let found = setting::find(name)?;
    Ok(VarInfo::new(&found, Seen::of(&found)))
}

/// Sets a variable from the code of the service, to a value as an operator types it, until the next change.
///
/// # Errors
/// As of [`set_all`].
pub fn set(name: &str, value: &str) -> Result<Change, VarError> {
    let mut changes = set_all(&[(name, value)], &Terms::new())?;
    changes.pop().ok_or_else(|| VarError::new(format!("`{name}` was not set")))
}

/// Sets variables from the code of the service: all of them, or none. It runs on this thread, which must not hold a lock of the variables.
///
/// # Errors
/// A name or a value is wrong, or a lock was held for 50 ms. Nothing is changed then.
pub fn set_all(values: &[(&str, &str)], terms: &Terms) -> Result<Vec<Change>, VarError> {
    let order =
        |(name, word): &(&str, &str)| Order { name: (*name).to_owned(), word: Some((*word).to_owned()) };
    change(values.iter().map(order).collect(), &terms.intent(Actor::service()))
}

/// Sets a variable to its default.
///
/// # Errors
/// Those of [`set_all`]; or it has no default.
pub fn reset(name: &str) -> Result<Change, VarError> {
    let intent = Intent { what: What::Reset, author: Actor::service(), because: None };
    let mut changes = change(vec![Order { name: name.to_owned(), word: None }], &intent)?;
    changes.pop().ok_or_else(|| VarError::new(format!("`{name}` was not set")))
}

/// The recorded changes, the latest last: at most 256.
pub fn changes() -> Vec<Change> {
    console::changes(&JOURNAL.entries())
}

/// Undoes the change with this number, or the last change of any actor, if its value is still in force.
///
/// # Errors
/// There is no such change, or its value is not in force any more.
pub fn undo(number: Option<u64>) -> Result<Change, VarError> {
    setting::undo(number, &Actor::service()).map(|entry| entry.change())
}

fn change(orders: Vec<Order>, intent: &Intent) -> Result<Vec<Change>, VarError> {
    setting::set(&orders, intent, &Claim::default()).map(|entries| console::changes(&entries))
}

/// # Errors
/// There is no variable of this name.
pub(crate) fn known(name: &str) -> Result<(), VarError> {
    setting::find(name).map(drop)
}

/// Whether the value of this variable is secret.
pub(crate) fn is_secret(name: &str) -> bool {
    registry::find(name).is_some_and(|found| found.is_secret())
}

/// The typed value of this variable, as part of a suggested line.
pub(crate) fn as_typed<'a>(name: &str, word: &'a str) -> &'a str {
    match is_secret(name) {
        true if word.starts_with('=') => "=VALUE",
        true => "VALUE",
        false => word,
    }
}

/// The same as the subject of a sentence.
pub(crate) fn quoted(name: &str, word: &str) -> String {
    if is_secret(name) { "the typed word".to_owned() } else { format!("`{}`", escape_line(word)) }
}
