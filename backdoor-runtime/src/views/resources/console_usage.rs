//! The use of resources by the console itself.

use std::fmt::{self, Write};
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::base::byte_size::size;
use crate::base::reserve;
use crate::base::sort;
use crate::call::failure::REPORT;
use crate::dispatch::StatusCount;
use crate::exec::own_thread;
use crate::procfs::files::{named, read};
use crate::reply::{record, text};
use crate::{CommandOutput, Console, Page, Value};

record! {
    /// The use of resources by the console.
    pub(crate) struct Itself {
        /// Its threads, by number.
        pub threads: Vec<OwnThread>,
        /// The CPU time of all its threads, live and ended, of every console of the process.
        pub cpu: Duration,
        /// The part of ended threads: stack readings, profiles, calls of the service's own code.
        pub ended: Duration,
        /// The time since its start.
        pub up: Duration,
        /// The number of sessions.
        pub sessions: usize,
        /// The parts of its memory that grow with use.
        pub holds: Vec<Held>,
        /// The number of lines that were run, by outcome.
        pub commands: Vec<StatusCount>,
        /// The number of panics in its own code; each is a bug.
        pub bugs: u64,
        /// Why the list of threads is incomplete, if it is.
        pub not_read: Option<String>,
    }
}

record! {
    /// A part of the console's memory.
    pub(crate) struct Held {
        /// Its contents.
        pub what: &'static str,
        /// The current bytes.
        pub bytes: u64,
        /// The limit in bytes.
        pub at_most: u64,
    }
}

record! {
    /// A thread of the console.
    pub(crate) struct OwnThread {
        /// Its number, as `top -H` shows it.
        pub tid: u32,
        /// Its name.
        pub name: String,
        /// The CPU time it has used (`/proc/self/task/TID/schedstat`).
        pub cpu: Duration,
    }
}

/// The use of resources by the console. Of its memory it shows the parts that grow with use; the rest is not separate from the service.
pub(crate) fn itself(console: &Console) -> Itself {
    // A thread that ends between the two readings is counted twice rather than not at all.
    let (threads, not_read) = match threads() {
        Ok(threads) => (threads, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let ended = own_thread::used_by_ended();
    Itself {
        cpu: threads.iter().map(|thread| thread.cpu).sum::<Duration>() + ended,
        ended,
        threads,
        up: console.service().uptime(),
        sessions: console.sessions().len(),
        holds: held(),
        commands: console.tally(),
        bugs: console.bugs(),
        not_read,
    }
}

/// The memory that the console holds, with limits.
pub(crate) fn held() -> Vec<Held> {
    let parts: &[(&'static str, (usize, usize))] = &[
        #[cfg(runtime_views)]
        ("function names", crate::views::threads::symbols::kept()),
        #[cfg(feature = "log-view")]
        ("the log", crate::views::logs::memory()),
    ];
    let held = |&(what, (bytes, at_most)): &(&'static str, (usize, usize))| Held {
        what,
        bytes: bytes as u64,
        at_most: at_most as u64,
    };
    parts.iter().map(held).collect()
}

fn threads() -> io::Result<Vec<OwnThread>> {
    const DIRECTORY: &str = "/proc/self/task";
    let mut threads = Vec::new();
    for tid in reserve::names(DIRECTORY).map_err(|error| named(Path::new(DIRECTORY), error))? {
        let directory = Path::new(DIRECTORY).join(&tid);
        let Ok(tid) = tid.parse() else { continue };
        // A thread that has ended meanwhile is skipped.
        let Ok(name) = read(directory.join("comm")) else { continue };
        if !name.starts_with("backdoor-") {
            continue;
        }
        // Kernels without schedstats do not show it.
        let ran = read(directory.join("schedstat")).unwrap_or_default();
        let nanoseconds = ran.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0);
        threads.push(OwnThread { tid, name: name.trim().to_owned(), cpu: Duration::from_nanos(nanoseconds) });
    }
    sort::sort_by_key(&mut threads, |thread| thread.tid);
    Ok(threads)
}

impl CommandOutput for Itself {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let (cpu, ended) = (text::duration(&self.cpu), text::duration(&self.ended));
        writeln!(page, "up {}, {} connected", text::duration(&self.up), self.sessions)?;
        writeln!(page, "{cpu} of CPU, {ended} of it by ended threads")?;
        if self.bugs > 0 {
            writeln!(page, "it has failed {} times because of its own bugs: {REPORT}", self.bugs)?;
        }
        let part =
            |held: &Held| format!("{} of at most {} for {}", size(held.bytes), size(held.at_most), held.what);
        let parts: Vec<String> = self.holds.iter().map(part).collect();
        if !parts.is_empty() {
            writeln!(page, "it holds {}", parts.join(", and "))?;
        }
        writeln!(page)?;
        match &self.not_read {
            Some(why) => writeln!(page, "its live threads are not counted: {why}")?,
            None => page.write_str(&Value::of(&self.threads).to_text(page.width()))?,
        }
        if self.commands.is_empty() {
            return writeln!(page, "\nno command has run yet");
        }
        writeln!(page)?;
        page.write_str(&Value::of(&self.commands).to_text(page.width()))
    }

    fn value(&self) -> Value {
        Value::of(self)
    }
}
