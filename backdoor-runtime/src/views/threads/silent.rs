//! Why a thread has no stack.

use std::{fmt, io};

use crate::procfs::task_files;

/// The reason for the reading thread itself.
pub(crate) const COLLECTOR: &str = "this thread reads the stacks";

/// Why a thread has no stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Silent {
    /// It is the thread that reads the stacks.
    Collector,
    /// It is running and blocks the signal.
    Blocked,
    Unanswered,
    /// The kernel refuses the signal, for this reason.
    Refused(String),
    /// No signal can be used, for this reason.
    NoSignal(String),
    /// It is running under a debugger, the process with this id.
    Traced(i32),
    /// It is running, and its stack may have too little room for a signal.
    NoRoom,
    NoTurn,
    /// It continued while its stack was read.
    Moved,
    /// Its stack pointer is in no known mapping.
    Unmapped,
    /// The process may not read its own memory, for this reason.
    Unreadable(String),
    /// It is sleeping, and its system call cannot be read, for this reason.
    Hidden(String),
    /// It has ended.
    Ended,
}

impl Silent {
    /// A signal could not be sent.
    pub(crate) fn refused(error: &io::Error) -> Self {
        Self::Refused(match error.raw_os_error() {
            Some(libc::EAGAIN) => no_queue(),
            _ => format!("sending a signal is not permitted: {error}"),
        })
    }
}

/// `EAGAIN` of a call that queues a signal: the limit counts all signals of the process's user.
pub(crate) fn no_queue() -> String {
    match task_files::queued_signals() {
        Some((_, 0)) => "no signal can be queued: the limit is 0 (`ulimit -i`)".to_owned(),
        Some((used, limit)) => {
            format!("no more signals can be queued: {used} of {limit} are in use (`ulimit -i`)")
        }
        None => "no more signals can be queued (`ulimit -i`)".to_owned(),
    }
}

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Collector => f.write_str(COLLECTOR),
            Self::Blocked => f.write_str("it runs and blocks the signal that reads stacks"),
            Self::Unanswered => f.write_str("it did not handle the signal within 200 ms"),
            Self::Refused(why) | Self::NoSignal(why) => f.write_str(why),
            Self::Traced(process) => {
                write!(f, "it runs under a debugger (process {process}), and a signal could stop it")
            }
            Self::NoRoom => f.write_str("it runs, and its stack may be too full for a signal"),
            Self::NoTurn => f.write_str("5 s passed before its turn"),
            Self::Moved => f.write_str("it moved each time its stack was read"),
            Self::Unmapped => f.write_str("its stack pointer is in no mapping of the process"),
            Self::Unreadable(error) => write!(f, "the memory of the process cannot be read: {error}"),
            Self::Hidden(error) => write!(
                f,
                "it sleeps in a system call that cannot be read ({error}) and that a signal may end; `pnt --interrupt` sends the signal anyway"
            ),
            Self::Ended => f.write_str("it has ended"),
        }
    }
}
