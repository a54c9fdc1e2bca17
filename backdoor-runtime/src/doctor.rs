//! `doctor`: watches the process for a moment, judges what it sees, and names the command that shows more.

mod diagnosis;
mod growth;
mod holdings;
mod look;
mod processors;
mod service;
mod tasks;
mod waiting;

use std::time::Duration;

use crate::base::byte_size::size;
use crate::base::race::both;
use crate::doctor::diagnosis::Diagnosis;
use crate::doctor::look::Window;
use crate::doctor::tasks::Seen;
use crate::reply::text;
use crate::thresholds::Thresholds;
use crate::{Choice, Console, Session, State, backdoor_command};

const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(600);

/// The checks, in their order.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Deadlocks and waits for locks; reads stacks of threads that wait for untracked locks
    Waits,
    /// Poisoned locks
    Locks,
    /// Workers that are held or slow; reads stacks if some are
    Runtime,
    /// Long polls, tasks that wake themselves, grow, panic or wait in locks of tokio; wakes at most 20 idle tasks once
    Tasks,
    /// Cores that are burnt, waits for a processor, threads in state D; reads a stack of each thread that burns a core
    Cpu,
    /// Threads that grow
    Threads,
    /// Memory that grows, and swap
    Mem,
    /// Descriptors that grow, and their limit
    Fds,
    /// Children that have ended and that nobody has waited for
    Children,
    /// Peers that do not read, and connections that only the peer has closed
    Sockets,
    /// The control group: its limits, throttling, pressure, killed processes
    Cgroup,
    /// Tracked objects that grow and are not dropped
    Objects,
    /// Stuck commands
    Running,
    /// Variables that cannot be read
    Vars,
    /// Temporary changes in force
    Changes,
    /// A log that covers little time
    Log,
}

impl Kind {
    const ALL: [Self; 16] = [
        Self::Waits,
        Self::Locks,
        Self::Runtime,
        Self::Tasks,
        Self::Cpu,
        Self::Threads,
        Self::Mem,
        Self::Fds,
        Self::Children,
        Self::Sockets,
        Self::Cgroup,
        Self::Objects,
        Self::Running,
        Self::Vars,
        Self::Changes,
        Self::Log,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Locks => "locks",
            Self::Runtime => "runtime",
            Self::Tasks => "tasks",
            Self::Cpu => "cpu",
            Self::Threads => "threads",
            Self::Mem => "mem",
            Self::Fds => "fds",
            Self::Children => "children",
            Self::Sockets => "sockets",
            Self::Cgroup => "cgroup",
            Self::Objects => "objects",
            Self::Running => "running",
            Self::Vars => "vars",
            Self::Changes => "changes",
            Self::Log => "log",
        }
    }

    /// What would be a finding.
    fn threshold(self, limits: &Thresholds) -> String {
        let time = |time: Duration| text::duration(&time);
        let near = limits.near_limit;
        match self {
            Self::Waits => format!("no deadlock, no wait over {}", time(limits.wait)),
            Self::Locks => "none poisoned".to_owned(),
            Self::Runtime => "no worker held or slow".to_owned(),
            Self::Tasks => {
                format!("no polls over {}, no growth over {}/s", time(limits.poll), limits.count_growth)
            }
            Self::Cpu => format!("no thread at {} % of a core", limits.core),
            Self::Threads => format!("no growth over {}/s", limits.count_growth),
            Self::Mem => {
                format!(
                    "not full within {} at over {}/s",
                    time(limits.limit_within),
                    size(limits.memory_growth)
                )
            }
            Self::Fds => format!("no growth over {}/s, under {near} % of the limit", limits.count_growth),
            Self::Children => "none ended without a wait".to_owned(),
            Self::Sockets => {
                format!(
                    "no queue of {} that stands, under {} half closed",
                    size(limits.queue),
                    limits.half_closed
                )
            }
            Self::Cgroup => format!("under {near} % of its limits, pressure under {} %", limits.pressure),
            Self::Objects => format!("no growth over {}/s without drops", limits.object_growth),
            Self::Running => "none stuck".to_owned(),
            Self::Vars => "all can be read".to_owned(),
            Self::Changes => "none temporary".to_owned(),
            Self::Log => "covers 10s".to_owned(),
        }
    }
}

/// Problems in the process, and the command that shows more of each
///
/// Looks at everything several times within a second, or the time of `--for`, and judges by rates, shares and the time until a limit
/// is reached. The worst problem comes first. It does not know the purpose of the service, so it cannot find every problem. With a
/// KIND it makes one check. `--check` fails if there is a problem, for probes.
///
/// Examples:
///   doctor
///   doctor --for 10s
///   doctor waits
///   doctor --check
#[backdoor_command(builtin = "doctor", reads, on = helper, timeout = "11m")]
async fn doctor(
    State(console): State<Console>,
    session: Session,
    /// The only check to make
    kind: Option<Kind>,
    /// How long to watch the process
    #[arg(long = "for", default = Duration::from_secs(1), range = SHORTEST..=LONGEST)]
    window: Duration,
    /// Fail if there is a problem
    #[arg(long)]
    check: bool,
) -> Result<Diagnosis, String> {
    let diagnosis = diagnose(&console, kind, window).await;
    match diagnosis.findings.first() {
        Some(worst) if check => {
            let more = match diagnosis.findings.len() - 1 {
                0 => String::new(),
                1 => "; 1 more problem".to_owned(),
                more => format!("; {more} more problems"),
            };
            return Err(format!("{}{more}", worst.finding));
        }
        Some(_) => session.link.note_findings(),
        None => {}
    }
    Ok(diagnosis)
}

async fn diagnose(console: &Console, only: Option<Kind>, length: Duration) -> Diagnosis {
    let limits = console.thresholds();
    let mut diagnosis = Diagnosis::new();
    let wants = |kind| only.is_none_or(|only| only == kind);
    // Concurrently, so that the time passes once; what no check asks for is not read.
    let runtime =
        async { if wants(Kind::Runtime) { tasks::runtime(console.runtime(), length).await } else { None } };
    let seen = async { if wants(Kind::Tasks) { Some(Seen::watch(length).await) } else { None } };
    let variables = async { if wants(Kind::Vars) { service::variables(console).await } else { None } };
    let of_service = both(both(runtime, seen), variables);
    let (window, ((runtime, seen), variables)) = both(Window::watch(length), of_service).await;
    for kind in Kind::ALL.into_iter().filter(|kind| wants(*kind)) {
        match kind {
            Kind::Waits => waiting::waits(&window, &limits, &mut diagnosis),
            Kind::Locks => waiting::locks(&mut diagnosis),
            Kind::Runtime => tasks::of_runtime(runtime.as_ref(), &mut diagnosis),
            Kind::Tasks => {
                if let Some(seen) = &seen {
                    seen.judge(&limits, &mut diagnosis);
                }
            }
            Kind::Cpu => processors::processors(&window, &limits, &mut diagnosis),
            Kind::Threads => holdings::threads(&window, &limits, &mut diagnosis),
            Kind::Mem => holdings::memory(&window, &limits, &mut diagnosis),
            Kind::Fds => holdings::descriptors(&window, &limits, &mut diagnosis),
            Kind::Children => holdings::children(&window, &mut diagnosis),
            Kind::Sockets => holdings::sockets(&window, &limits, &mut diagnosis),
            Kind::Cgroup => holdings::cgroup(&window, &limits, &mut diagnosis),
            Kind::Objects => holdings::objects(&window, &limits, &mut diagnosis),
            Kind::Running => service::commands(&console.running(), &mut diagnosis),
            Kind::Vars => service::vars(variables.as_deref(), &mut diagnosis),
            Kind::Changes => service::changes(&console.changes(), &mut diagnosis),
            Kind::Log => service::log(&mut diagnosis),
        }
        diagnosis.checked(kind.name(), kind.threshold(&limits));
    }
    diagnosis.done();
    diagnosis
}
