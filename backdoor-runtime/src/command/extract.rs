//! What a command is given rather than told: values of the service by type, and the author's own checks of the caller.

use std::fmt::Display;

use crate::Session;
use crate::command::arguments::Call;
use crate::command::effect::Effect;
use crate::command::states::States;

/// A value that the service gave to [`Builder::state`](crate::Builder::state), handed out by clone.
///
/// A command that asks for a type nobody gave is an error at start, not at the operator's call.
///
/// ```
/// # use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
/// use backdoor_runtime::{backdoor_command, State};
///
/// /// Requests answered since the start
/// #[backdoor_command(reads)]
/// fn requests(State(count): State<Arc<AtomicU64>>) -> u64 {
///     count.load(Ordering::Relaxed)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State<T>(pub T);

/// The proof that the author's check `G` let the caller pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard<G>(pub G);

/// An author's check: made from the caller before the command's function is called, or refused with a reason that the operator
/// reads.
///
/// It runs where the command runs, so it may lock and compute; it may not wait for other tasks.
///
/// ```
/// use backdoor_runtime::{backdoor_command, Caller, FromCaller, Guard};
///
/// struct FromUnixSocket;
///
/// impl FromCaller for FromUnixSocket {
///     type Refusal = &'static str;
///
///     fn from_caller(caller: &Caller<'_>) -> Result<Self, Self::Refusal> {
///         match caller.session().peer_uid() {
///             Some(_) => Ok(Self),
///             None => Err("only from the unix socket"),
///         }
///     }
/// }
///
/// /// Forget every session
/// #[backdoor_command]
/// fn forget(_proof: Guard<FromUnixSocket>) {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the guard of a backdoor command",
    label = "does not judge the caller",
    note = "implement `FromCaller` for `{Self}`: it makes one from the caller, or refuses with a reason that the operator reads"
)]
pub trait FromCaller: Sized {
    /// Why the caller was refused, for the operator to read.
    type Refusal: Display;

    /// Lets the caller pass, or says why not.
    fn from_caller(caller: &Caller<'_>) -> Result<Self, Self::Refusal>;
}

/// Who calls which command, for a [`FromCaller`] to judge.
pub struct Caller<'a> {
    command: &'static str,
    effect: Effect,
    session: &'a Session,
    states: &'a States,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(call: &Call<'a>) -> Self {
        Self {
            command: call.command(),
            effect: call.effect(),
            session: call.session(),
            states: call.states(),
        }
    }

    /// The name of the command that was called, as declared.
    pub fn command(&self) -> &'static str {
        self.command
    }

    /// What that command does to the service.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// The session it was called from.
    pub fn session(&self) -> &Session {
        self.session
    }

    /// A clone of the service's value of this type, if it gave one to the builder.
    pub fn state<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.states.get()
    }
}
