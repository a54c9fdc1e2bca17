//! `running` and `kill`: the commands that run.

use std::fmt::{self, Write};

use crate::{CommandOutput, Console, Killed, Page, RunInfo, Session, State, Value, backdoor_command};

/// List the commands that run or are stuck
///
/// A command is stuck if it still runs one second after it was told to stop. Its session does not wait for it any more. It keeps its
/// thread until it returns.
///
/// Examples:
///   running
///   running --json
#[backdoor_command(builtin = "console", reads, on = console)]
fn running(State(console): State<Console>, session: Session) -> Vec<RunInfo> {
    console.running().into_iter().filter(|run| run.run != session.run_id()).collect()
}

/// Stop a running command, as Ctrl-C in its session does
///
/// Examples:
///   kill 12
///   kill 12 --json
#[backdoor_command(builtin = "console", on = console)]
async fn kill(
    State(console): State<Console>,
    session: Session,
    /// The run's number in `running`
    run: u64,
) -> Result<Kill, String> {
    match console.kill(run, &session).await {
        Some(killed) => Ok(Kill(killed)),
        None => Err(format!("no command runs with number {run}; `running` lists the numbers")),
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
            "stuck" => "was told to stop, still runs, and is marked stuck",
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
