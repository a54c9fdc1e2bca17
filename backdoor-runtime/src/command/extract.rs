//! Parameters that the console supplies: values of the service by type, and the author's checks of the caller.

use std::fmt::Display;

use crate::Session;
use crate::command::arguments::Call;
use crate::command::effect::Effect;
use crate::command::states::States;

/// A value that the service gave to [`Builder::state`](crate::Builder::state). Each command gets a clone.
///
/// If a command asks for a type that the builder does not have, the start fails, not the operator's call.
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

/// The proof that the author's check `G` accepted the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard<G>(pub G);

/// An author's check of the caller. It is made before the command's function is called, or refuses with a reason that the operator reads.
///
/// It runs where the command runs, so it may lock and compute. It must not wait for other tasks.
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
    label = "does not implement `FromCaller`",
    note = "implement `FromCaller` for `{Self}`: it makes one from the caller, or refuses with a reason that the operator reads"
)]
pub trait FromCaller: Sized {
    /// Why the caller was refused, as the operator reads it.
    type Refusal: Display;

    /// Accepts the caller, or returns the reason for the refusal.
    fn from_caller(caller: &Caller<'_>) -> Result<Self, Self::Refusal>;
}

/// The caller and the command that they call, for a [`FromCaller`] to check.
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

    /// The declared effect of that command.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// The session of the caller.
    pub fn session(&self) -> &Session {
        self.session
    }

    /// A clone of the service's value of this type, if it gave one to the builder.
    pub fn state<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.states.get()
    }
}
