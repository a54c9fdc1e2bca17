//! What runs, and how to stop it.

use std::fmt::{self, Write};

use crate::{CommandOutput, Console, Killed, Page, RunInfo, Session, State, Value, backdoor_command};

/// What runs, and what is stuck
///
/// A line that was told to stop and went on for a second is stuck: nobody waits for it any more. Its thread cannot be taken from it.
///
/// Examples:
///   running
///   running --json
#[backdoor_command(builtin = "console", reads, on = console)]
fn running(State(console): State<Console>, session: Session) -> Vec<RunInfo> {
    console.running().into_iter().filter(|run| run.run != session.run_id()).collect()
}

/// Stop a line that runs, as its operator's Ctrl-C would
///
/// Examples:
///   kill 12
///   kill 12 --json
#[backdoor_command(builtin = "console", on = console)]
async fn kill(
    State(console): State<Console>,
    session: Session,
    /// Its number, as `running` shows it
    run: u64,
) -> Result<Kill, String> {
    match console.kill(run, &session).await {
        Some(killed) => Ok(Kill(killed)),
        None => Err(format!("nothing runs under the number {run}; `running` lists what does")),
    }
}

struct Kill(Killed);

impl Kill {
    fn result(&self) -> &'static str {
        if self.0.ended { "ended" } else { self.0.run.state }
    }
}

impl CommandOutput for Kill {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let RunInfo { run, session, command, .. } = &self.0.run;
        let result = match self.result() {
            "ended" => "has ended",
            "stuck" => "was told to stop and still runs: it is left behind, stuck",
            _ => "was told to stop and still runs",
        };
        writeln!(page, "run {run}, `{command}` of session {session}, {result}")
    }

    fn value(&self) -> Value {
        let RunInfo { run, session, line, .. } = &self.0.run;
        Value::record([
            ("run", (*run).into()),
            ("session", (*session).into()),
            ("result", self.result().into()),
            ("line", line.into()),
        ])
    }
}
