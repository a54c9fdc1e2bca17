//! What an operator decides by `BACKDOOR_LISTEN`, and where nobody may.

use std::env;

use crate::server::Error;
use crate::service::address::{self, Endpoint, Place};

/// The variable by which an operator moves or switches off a console without a build.
const LISTEN: &str = "BACKDOOR_LISTEN";

/// The addresses of the operator's; none switch the console off. Nothing where they have decided nothing.
///
/// A program that has more rights than who starts it, such as one of another user by its mode, takes `off` only: it would listen, and
/// make and remove a file, where that one may not.
///
/// # Errors
/// It cannot be understood.
pub(super) fn endpoints() -> Result<Option<Vec<Endpoint>>, Error> {
    let Some(text) = env::var_os(LISTEN) else { return Ok(None) };
    let listed = address::parse_list(&text.to_string_lossy());
    let is_off = matches!(&listed, Ok(endpoints) if endpoints.is_empty());
    if !is_off && has_more_rights() {
        tracing::warn!(
            target: "backdoor",
            "{LISTEN} is ignored: the program has rights that who started it need not have (AT_SECURE); `off` would count"
        );
        return Ok(None);
    }
    listed.map(Some).map_err(Error::Environment)
}

/// Why it switches the console off.
pub(super) fn why_off() -> Option<String> {
    let text = env::var_os(LISTEN)?;
    Some(match text.to_string_lossy().trim() {
        "" => format!("{LISTEN} is empty"),
        _ => format!("{LISTEN} switches it off"),
    })
}

/// What to say of a `0` that was perhaps meant to switch the console off.
pub(super) fn hint_on(endpoints: &[Endpoint]) -> Option<String> {
    let is_any = |endpoint: &Endpoint| matches!(endpoint.place, Place::Tcp { first: 0, .. });
    (env::var_os(LISTEN).is_some() && endpoints.iter().any(is_any))
        .then(|| format!("{LISTEN} asks for any free port by `0`; `off` switches the console off"))
}

/// Whether the kernel says so (getauxval(3)): the program is setuid or setgid, or has capabilities by its file.
#[allow(unsafe_code, reason = "no safe function reads the auxiliary vector")]
fn has_more_rights() -> bool {
    // SAFETY: it reads what the kernel gave the process, and has no preconditions.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}
