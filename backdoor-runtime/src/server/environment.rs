//! `BACKDOOR_LISTEN`: the operator's addresses, and where the variable is ignored.

use std::env;

use crate::server::Error;
use crate::service::address::{self, Endpoint, Place};

/// The variable by which an operator moves or switches off a console without a new build.
const LISTEN: &str = "BACKDOOR_LISTEN";

/// The operator's addresses; an empty list switches the console off. `None` if the variable is not set.
///
/// A program that runs with raised privileges, such as setuid, accepts only `off`: otherwise its user could make it listen, and make and
/// remove a file, where they may not.
///
/// # Errors
/// The text is not a list of addresses.
pub(super) fn endpoints() -> Result<Option<Vec<Endpoint>>, Error> {
    let Some(text) = env::var_os(LISTEN) else { return Ok(None) };
    let listed = address::parse_list(&text.to_string_lossy());
    let is_off = matches!(&listed, Ok(endpoints) if endpoints.is_empty());
    if !is_off && has_more_rights() {
        tracing::warn!(
            target: "backdoor",
            "{LISTEN} is ignored: the program runs with raised privileges (AT_SECURE); only `off` is accepted"
        );
        return Ok(None);
    }
    listed.map(Some).map_err(Error::Environment)
}

/// Why the variable switches the console off.
pub(super) fn why_off() -> Option<String> {
    let text = env::var_os(LISTEN)?;
    Some(match text.to_string_lossy().trim() {
        "" => format!("{LISTEN} is empty"),
        _ => format!("{LISTEN} switches it off"),
    })
}

/// The hint for a `0` that may have been meant to switch the console off.
pub(super) fn hint_on(endpoints: &[Endpoint]) -> Option<String> {
    let is_any = |endpoint: &Endpoint| matches!(endpoint.place, Place::Tcp { first: 0, .. });
    (env::var_os(LISTEN).is_some() && endpoints.iter().any(is_any))
        .then(|| format!("{LISTEN} asks for any free port with `0`; `off` switches the console off"))
}

/// Whether the kernel reports raised privileges (getauxval(3)): the program is setuid or setgid, or has file capabilities.
#[allow(unsafe_code, reason = "no safe function reads the auxiliary vector")]
fn has_more_rights() -> bool {
    // SAFETY: the call reads a value from the kernel, and has no preconditions.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}
