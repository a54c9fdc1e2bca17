//! An ordinary operator: one session a second with three commands.

use std::fmt;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use backdoor_runtime::Address;

use crate::wait::until;

/// Each session must have its answers within this time. If the console is full, the operator tries again as a person would.
const SERVED_WITHIN: Duration = Duration::from_secs(20);

pub(super) struct Operator {
    ended: Arc<AtomicBool>,
    sessions: Arc<AtomicUsize>,
    thread: JoinHandle<Report>,
}

/// The results of the operator's sessions.
#[derive(Default)]
pub(super) struct Report {
    sessions: usize,
    retries: usize,
    slowest: Duration,
    refused: Option<String>,
}

impl Operator {
    pub(super) fn start(console: &Address) -> Self {
        let Address::Tcp(console) = console.clone() else { panic!("the shop listens on TCP") };
        let (ended, sessions) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (ends, served) = (ended.clone(), sessions.clone());
        let thread = thread::spawn(move || {
            let mut report = Report::default();
            while !ends.load(Ordering::Relaxed) {
                let begin = Instant::now();
                while let Err(error) = session(console) {
                    report.retries += 1;
                    if begin.elapsed() > SERVED_WITHIN {
                        report.refused = Some(error.to_string());
                        return report;
                    }
                    sleep(Duration::from_millis(50));
                }
                report.slowest = report.slowest.max(begin.elapsed());
                report.sessions += 1;
                served.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_secs(1).saturating_sub(begin.elapsed()));
            }
            report
        });
        Self { ended, sessions, thread }
    }

    #[track_caller]
    pub(super) fn wait_until_served(&self) {
        until(
            "a session of the operator",
            || self.sessions.load(Ordering::Relaxed),
            |sessions| *sessions > 0,
        );
    }

    /// Checks that all sessions were served.
    #[track_caller]
    pub(super) fn end(self) -> Report {
        self.ended.store(true, Ordering::Relaxed);
        let report = self.thread.join().unwrap();
        assert!(report.refused.is_none(), "an honest operator was not served: {report}");
        report
    }
}

/// Waits for the prompt; then runs a built-in command that computes, one that does not, and a command of the shop.
fn session(console: std::net::SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(console)?;
    stream.set_read_timeout(Some(SERVED_WITHIN))?;
    read_to(&mut stream, "shop> ")?;
    for (line, wanted) in [("help", "Something wrong?"), ("uptime", "s"), ("status", "requests")] {
        stream.write_all(format!("{line}\r\n").as_bytes())?;
        let answer = read_to(&mut stream, "shop> ")?;
        if !answer.contains(wanted) {
            return Err(std::io::Error::other(format!("{line}: {answer:?}")));
        }
    }
    stream.write_all(b"quit\r\n")?;
    read_to(&mut stream, "goodbye").map(drop)
}

fn read_to(stream: &mut TcpStream, end: &str) -> std::io::Result<String> {
    let mut come = Vec::new();
    let mut buffer = [0; 4096];
    while !come.ends_with(end.as_bytes()) && !come.windows(end.len()).any(|window| window == end.as_bytes()) {
        match stream.read(&mut buffer)? {
            0 => return Err(std::io::Error::other(format!("it ended: {}", String::from_utf8_lossy(&come)))),
            count => come.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(String::from_utf8_lossy(&come).into_owned())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, retries, slowest, refused } = self;
        write!(f, "the operator had {sessions} sessions, {retries} retries, the slowest in {slowest:.1?}")?;
        refused.as_ref().map_or(Ok(()), |reason| write!(f, "; {reason}"))
    }
}
