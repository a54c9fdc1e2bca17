//! Messages for the operator and the log about a call that does not end normally.

use std::time::Duration;

use crate::call::failure::Failure;
use crate::call::run_state::Stop;
use crate::command::Command;
use crate::dispatch::runs::{Executor, RunEntry};
use crate::dispatch::supervise::{RUNTIME, Waiting};
use crate::dispatch::{Dispatcher, Ended, Status};
use crate::reply::text;

/// No thread has begun the call; these runs occupy the threads.
pub(super) fn no_thread(name: &str, others: &str) -> String {
    match others {
        "" => format!("`{name}` waits for a thread to start: the machine is busy. Ctrl-C cancels"),
        others => format!(
            "`{name}` waits for a thread; all are occupied by {others}. `running` lists them, Ctrl-C cancels"
        ),
    }
}

/// A runtime does not poll the call although it was woken.
pub(super) fn not_polled_yet(call: &Waiting, command: &Command) -> String {
    let not_polled = not_polled(call.place, &format!("`{}`", command.name), RUNTIME);
    let blocked = if call.place == Executor::Runtime { "; its workers may be blocked" } else { "" };
    format!("{not_polled}, though it was woken{blocked}. Ctrl-C cancels")
}

/// Adds to an exceeded deadline why the call was late.
pub(super) fn explained(mut ended: Ended, call: &Waiting) -> Ended {
    if let Some(late) = call.late
        && ended.failure.status == Status::TimedOut
    {
        ended.failure.message.push_str(&format!("; {}", not_polled(call.place, "it", late)));
    }
    ended
}

/// The call was told to stop before its executor began it.
pub(super) fn never_begun(
    stop: Stop,
    command: &Command,
    limit: Option<Duration>,
    place: Executor,
) -> Failure {
    if stop != Stop::TimedOut {
        return stop_failure(stop, command, limit);
    }
    let limit = text::duration(&limit.unwrap_or_default());
    let why = match place {
        Executor::Thread => "no thread was free",
        Executor::Runtime => "the service's runtime did not poll it",
        Executor::Helper => "the helper thread was busy",
        Executor::Console => "the console's own thread was busy",
    };
    Failure::timed_out(format!("`{}` was not run: {why} for {limit}", command.name))
}

/// The call was told to stop, and stopped.
pub(super) fn stop_failure(stop: Stop, command: &Command, limit: Option<Duration>) -> Failure {
    match stop {
        Stop::Interrupted => Failure::cancelled("interrupted".to_owned()),
        Stop::Disconnected => Failure::cancelled("the client disconnected".to_owned()),
        Stop::Ending => Failure::cancelled("the console is shutting down".to_owned()),
        Stop::Killed(by) => Failure::cancelled(format!("killed by session {by}")),
        Stop::TimedOut => {
            let limit = text::duration(&limit.unwrap_or_default());
            Failure::timed_out(format!("`{}` did not end within {limit} and was cancelled", command.name))
        }
    }
}

/// The call was told to stop a second ago, and still runs.
pub(super) fn given_up(
    dispatcher: &Dispatcher,
    stop: Stop,
    listed: &RunEntry,
    call: &mut Waiting,
) -> Failure {
    let (command, limit, session) = (listed.command, listed.run.limit(), listed.run.session);
    let (name, run) = (command.name, listed.run.id);
    listed.left_behind();
    // Telling it to stop wakes it, too.
    let unpolled = call.unpolled_for();
    let still =
        unpolled.map_or_else(|| "it still runs".to_owned(), |time| not_polled(call.place, "it", time));
    dispatcher.audit.warn(format!(
        "command `{name}` of session {session} is stuck: it was told to stop a second ago and {still} (run {run})"
    ));
    // A time limit has named the command already.
    let subject = if stop == Stop::TimedOut { "it".to_owned() } else { format!("`{name}`") };
    let still = match unpolled {
        Some(time) => format!("{}, and it", not_polled(call.place, &subject, time)),
        None => format!("{subject} still runs a second later and"),
    };
    let mut failure = stop_failure(stop, command, limit);
    failure.message.push_str(&format!("; {still} is marked stuck"));
    // That was reported a moment ago.
    call.late = call.late.filter(|_| unpolled.is_none());
    failure
}

fn not_polled(place: Executor, subject: &str, time: Duration) -> String {
    let who = match place {
        Executor::Thread => "its thread",
        Executor::Runtime => "the service's runtime",
        Executor::Helper => "the helper thread",
        Executor::Console => "the console's own thread",
    };
    let time = text::duration(&Duration::from_secs(time.as_secs().max(1)));
    format!("{who} has not polled {subject} for {time}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a busy machine the message was "occupied by .".
    #[test]
    fn regression_only_runs_on_threads_are_named() {
        assert_eq!(
            no_thread("x", ""),
            "`x` waits for a thread to start: the machine is busy. Ctrl-C cancels"
        );
        assert_eq!(
            no_thread("x", "`y` (session 1, run 7) for 12 s"),
            "`x` waits for a thread; all are occupied by `y` (session 1, run 7) for 12 s. `running` lists them, Ctrl-C cancels"
        );
    }
}
