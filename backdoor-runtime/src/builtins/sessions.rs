//! `who` and `quit`: the connected sessions, and the end of one.

use crate::{Console, Session, SessionInfo, State, backdoor_command};

/// List the connected sessions
///
/// Examples:
///   who
///   who --json
#[backdoor_command(builtin = "console", reads, on = console)]
fn who(State(console): State<Console>) -> Vec<SessionInfo> {
    console.sessions()
}

/// Close this session; the service continues
///
/// Examples:
///   quit
///   exit
#[backdoor_command(builtin = "console", reads, on = console, aliases("exit"))]
fn quit(session: Session) -> &'static str {
    session.close();
    "goodbye"
}
