//! Who is connected, and how to leave.

use crate::{Console, Session, SessionInfo, State, backdoor_command};

/// The connected sessions
///
/// Examples:
///   who
///   who --json
#[backdoor_command(builtin = "console", reads, on = console)]
fn who(State(console): State<Console>) -> Vec<SessionInfo> {
    console.sessions()
}

/// Leave this session; the service goes on
///
/// Examples:
///   quit
///   exit
#[backdoor_command(builtin = "console", reads, on = console, aliases("exit"))]
fn quit(session: Session) -> &'static str {
    session.close();
    "goodbye"
}
