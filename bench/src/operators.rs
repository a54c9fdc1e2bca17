//! What operators do to a service while customers are served: nothing, as much as they can, what blocks, and what they never read.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::client::Client;

/// How many sessions there are of each kind but the idle one.
const SESSIONS: usize = 4;

/// What a session of the flood asks at once: a built-in, a synchronous and an asynchronous command, again and again.
const LINES: &str = "uptime --json\nworkers --json\nstatus --json\n";
const REPEATED: usize = 10;

/// What the one who looks waits between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// What they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// One is connected and has had a look round.
    Idle,
    Flood,
    /// Commands that hold their thread for a second, again and again.
    Block,
    /// Each asks for 100 MB and reads none of it.
    NotReading,
    /// One enters this line again and again, ten times a second at most.
    Look(&'static str),
}

/// Operators at work until this is ended.
pub(crate) struct Operators {
    ended: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<anyhow::Result<()>>>,
    /// Those that need no thread.
    silent: Vec<Client>,
}

impl Operators {
    pub(crate) fn start(work: Work, console: SocketAddr) -> anyhow::Result<Self> {
        let mut operators =
            Self { ended: Arc::default(), answers: Arc::default(), threads: Vec::new(), silent: Vec::new() };
        match work {
            Work::Idle => {
                let mut operator = Client::to(console)?;
                operator.read_to(b"shop> ")?;
                operator.send(b"help\r\n")?;
                operator.read_to(b"shop> ")?;
                operators.silent.push(operator);
            }
            Work::NotReading => {
                for _ in 0..SESSIONS {
                    let mut operator = Client::to(console)?;
                    operator.send(b"bench big\n")?;
                    operators.silent.push(operator);
                }
            }
            Work::Flood => {
                operators.repeat(SESSIONS, console, LINES.repeat(REPEATED), Duration::ZERO)?;
            }
            Work::Block => {
                operators.repeat(SESSIONS, console, "drill block 1s --json\n".to_owned(), Duration::ZERO)?;
            }
            Work::Look(line) => operators.repeat(1, console, format!("{line}\n"), PAUSE)?,
        }
        Ok(operators)
    }

    /// Each sends its lines, reads as many answers, and begins again after a pause.
    fn repeat(
        &mut self,
        sessions: usize,
        console: SocketAddr,
        lines: String,
        pause: Duration,
    ) -> anyhow::Result<()> {
        for _ in 0..sessions {
            let (ended, answers, lines) = (self.ended.clone(), self.answers.clone(), lines.clone());
            let mut operator = Client::to(console)?;
            self.threads.push(thread::spawn(move || {
                // The customers share the core and go first: it is the service that is to be measured.
                rustix::process::nice(19).context("going behind the customers")?;
                let count = lines.matches('\n').count();
                while !ended.load(Ordering::Relaxed) {
                    operator.send(lines.as_bytes())?;
                    let mut come = 0;
                    while come < count && !ended.load(Ordering::Relaxed) {
                        come += operator.receive()?.iter().filter(|byte| **byte == b'\n').count();
                    }
                    answers.fetch_add(come, Ordering::Relaxed);
                    thread::sleep(pause);
                }
                Ok(())
            }));
        }
        Ok(())
    }

    /// How many lines were answered so far.
    pub(crate) fn answers(&self) -> usize {
        self.answers.load(Ordering::Relaxed)
    }

    /// Lets them go, once what they did is known to have had an effect.
    pub(crate) fn end(mut self, work: Work) -> anyhow::Result<()> {
        self.ended.store(true, Ordering::Relaxed);
        if work == Work::NotReading {
            self.silent.iter_mut().try_for_each(|operator| operator.receive().map(drop))?;
        }
        for thread in self.threads.drain(..) {
            thread.join().map_err(|_| anyhow::anyhow!("an operator panicked"))??;
        }
        let must_answer = matches!(work, Work::Flood | Work::Look(_));
        ensure!(!must_answer || self.answers() > 0, "{work:?} was not answered");
        Ok(())
    }
}
