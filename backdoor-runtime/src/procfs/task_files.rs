//! The kernel's figures of a thread in /proc/self/task (proc(5)), read without disturbing the thread.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use crate::base::reserve;
use crate::procfs::namespace;
use crate::procfs::system_call::{self, Position};

/// One thread, as the kernel reports it. A value that cannot be read is `None`, or zero.
#[derive(Clone, Debug, Default)]
pub(crate) struct Task {
    pub(crate) tid: i32,
    pub(crate) name: String,
    /// `R`, `S`, `D`, ..
    pub(crate) state: char,
    /// The signals that it blocks, and those that are pending for it, one bit each.
    pub(crate) blocked: u64,
    pub(crate) pending: u64,
    /// The process that debugs it; 0 for none.
    pub(crate) tracer: i32,
    /// How often it waited, and how often it was preempted.
    pub(crate) voluntary: u64,
    pub(crate) forced: u64,
}

/// The position of a thread in the kernel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting {
    /// The kernel function that it sleeps in.
    pub(crate) channel: Option<String>,
    /// The system call it is in.
    pub(crate) call: Option<Cow<'static, str>>,
}

/// The threads that exist now, by their numbers in this process's namespace.
///
/// # Errors
/// /proc is not mounted.
pub(crate) fn tids() -> io::Result<Vec<i32>> {
    let mut tids = namespace::listed()?;
    if namespace::is_foreign() {
        tids = namespace::translated(&tids);
    }
    tids.sort_unstable();
    Ok(tids)
}

/// `None` if the thread has ended.
pub(crate) fn task(tid: i32) -> Option<Task> {
    parse_status(tid, &read(tid, "status")?)
}

/// Its position. A process that has given up privileges since its start may not read this file.
///
/// # Errors
/// It cannot be read, or the thread has ended.
pub(crate) fn position(tid: i32) -> io::Result<Position> {
    let bytes = reserve::read(namespace::file(tid, "syscall"))?;
    let position = Position::parse(&String::from_utf8_lossy(&bytes));
    // Of a thread that is ending, it is empty.
    position.ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))
}

/// Its position, as far as it can be read.
pub(crate) fn waiting(tid: i32) -> Waiting {
    waiting_at(tid, position(tid).ok().as_ref())
}

/// The same with a known position.
pub(crate) fn waiting_at(tid: i32, position: Option<&Position>) -> Waiting {
    let channel = read(tid, "wchan").filter(|channel| !matches!(channel.trim(), "" | "0"));
    let call = match position {
        Some(Position::Asleep(asleep)) => asleep.call.map(|(number, _)| number),
        _ => None,
    };
    let named = |number| system_call::name(number).map_or_else(|| number.to_string().into(), Cow::Borrowed);
    Waiting { channel: channel.map(|channel| channel.trim().to_owned()), call: call.map(named) }
}

/// The thread's name, of which the kernel keeps 15 bytes; `None` if there is no such thread.
pub(crate) fn name(tid: i32) -> Option<String> {
    Some(read(tid, "comm")?.trim_end_matches('\n').to_owned())
}

/// Its processor time: in nanoseconds if the kernel counts those, else in ticks of 10 ms.
pub(crate) fn cpu_time(tid: i32) -> Option<Duration> {
    let exact = read(tid, "schedstat").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    match exact {
        Some(nanos) if nanos > 0 => Some(Duration::from_nanos(nanos)),
        _ => parse_ticks(&read(tid, "stat")?),
    }
}

/// The time that it has waited for a processor while it could run; `None` if the kernel does not count it (`CONFIG_SCHED_INFO`).
pub(crate) fn run_delay(tid: i32) -> Option<Duration> {
    let text = read(tid, "schedstat")?;
    let mut numbers = text.split_ascii_whitespace().map(|number| number.parse::<u64>().ok());
    let (used, waited) = (numbers.next()??, numbers.next()??);
    // A kernel that counts nothing has zeros.
    (used > 0).then(|| Duration::from_nanos(waited))
}

/// How a thread is scheduled (sched(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scheduling {
    pub(crate) nice: i32,
    /// The priority of a real-time thread.
    pub(crate) priority: u32,
    pub(crate) policy: u32,
}

/// How it is scheduled.
pub(crate) fn scheduling(tid: i32) -> Option<Scheduling> {
    parse_scheduling(&read(tid, "stat")?)
}

/// Fields 19, 40 and 41 of proc_pid_stat(5); the first behind the name is 3.
fn parse_scheduling(text: &str) -> Option<Scheduling> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3);
    Some(Scheduling {
        nice: field(19)?.parse().ok()?,
        priority: field(40)?.parse().ok()?,
        policy: field(41)?.parse().ok()?,
    })
}

impl Scheduling {
    /// In words, where it is not that of the process.
    pub(crate) fn unlike(self, process: Self) -> Option<String> {
        let nice = (self.nice != process.nice).then(|| format!("nice {}", self.nice));
        let policy = match self.policy {
            policy if policy == process.policy && self.priority == process.priority => return nice,
            0 => "normal".to_owned(),
            1 => return Some(format!("fifo {}", self.priority)),
            2 => return Some(format!("round-robin {}", self.priority)),
            3 => "batch".to_owned(),
            // Its nice value has hardly an effect.
            5 => return Some("idle".to_owned()),
            6 => return Some("deadline".to_owned()),
            other => format!("policy {other}"),
        };
        Some(nice.map_or(policy.clone(), |nice| format!("{policy}, {nice}")))
    }
}

/// How many signals the process's user has queued, and may queue (`SigQ` of proc_pid_status(5)).
pub(crate) fn queued_signals() -> Option<(u64, u64)> {
    let status = reserve::read("/proc/self/status").ok()?;
    let status = String::from_utf8_lossy(&status);
    let (used, limit) = status.lines().find_map(|line| line.strip_prefix("SigQ:"))?.trim().split_once('/')?;
    Some((used.parse().ok()?, limit.parse().ok()?))
}

/// The letter of a state in words, from proc_pid_stat(5).
pub(crate) fn state_in_words(state: char) -> &'static str {
    match state {
        'R' => "running",
        'S' => "sleeping",
        'D' => "uninterruptible",
        'T' => "stopped",
        't' => "traced",
        'Z' | 'X' => "ended",
        'I' => "idle",
        _ => "unknown",
    }
}

fn read(tid: i32, file: &str) -> Option<String> {
    let bytes = reserve::read(namespace::file(tid, file)).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn parse_status(tid: i32, text: &str) -> Option<Task> {
    let mut task = Task { tid, state: '?', ..Task::default() };
    for line in text.lines() {
        let (name, value) = line.split_once(':')?;
        let value = value.trim();
        let number = || value.parse().unwrap_or_default();
        let mask = || u64::from_str_radix(value, 16).unwrap_or_default();
        match name {
            "Name" => task.name = value.to_owned(),
            "State" => task.state = value.chars().next()?,
            "SigBlk" => task.blocked = mask(),
            "SigPnd" => task.pending = mask(),
            "TracerPid" => task.tracer = value.parse().unwrap_or_default(),
            "voluntary_ctxt_switches" => task.voluntary = number(),
            "nonvoluntary_ctxt_switches" => task.forced = number(),
            _ => {}
        }
    }
    Some(task)
}

/// User and system time, fields 14 and 15. The name before them may have spaces and parentheses.
fn parse_ticks(text: &str) -> Option<Duration> {
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status() {
        let text = "Name:\ta: b\nState:\tS (sleeping)\nSigPnd:\t0000000000000000\nSigBlk:\t0000000400000000\n\
            TracerPid:\t12\nvoluntary_ctxt_switches:\t41\nnonvoluntary_ctxt_switches:\t7\n";
        let task = parse_status(9, text).unwrap();
        assert_eq!((task.tid, task.name.as_str(), task.state), (9, "a: b", 'S'));
        assert_eq!((task.blocked, task.pending, task.voluntary, task.forced), (1 << 34, 0, 41, 7));
        assert_eq!(task.tracer, 12);
    }

    #[test]
    fn the_names_of_system_calls() {
        let tid = crate::base::kernel_ids::thread();
        let called = |number| {
            let asleep =
                system_call::Asleep { call: Some((number, [0; 6])), stack_pointer: 0, program_counter: 0 };
            waiting_at(tid, Some(&Position::Asleep(asleep))).call
        };
        assert_eq!(called(libc::SYS_futex).as_deref(), Some("futex"));
        assert_eq!(called(9999).as_deref(), Some("9999"));
        assert_eq!(waiting_at(tid, Some(&Position::Running)).call, None);
    }

    #[test]
    fn ticks_behind_a_name_with_parentheses() {
        let text = "7 (a) b) S 1 7 7 0 -1 64 0 0 0 0 150 50 0 0 20 0 1 0 9";
        let hundredth = rustix::param::clock_ticks_per_second() as f64;
        assert_eq!(parse_ticks(text), Some(Duration::from_secs_f64(200.0 / hundredth)));
    }

    #[test]
    fn scheduling_is_named_where_it_differs() {
        let normal = Scheduling { nice: 0, priority: 0, policy: 0 };
        let check = |nice, priority, policy, expected: Option<&str>| {
            let other = Scheduling { nice, priority, policy };
            assert_eq!(other.unlike(normal).as_deref(), expected);
        };
        check(0, 0, 0, None);
        check(13, 0, 0, Some("nice 13"));
        check(0, 0, 5, Some("idle"));
        check(4, 0, 3, Some("batch, nice 4"));
        check(0, 10, 1, Some("fifo 10"));
        assert_eq!(normal.unlike(Scheduling { policy: 3, ..normal }).as_deref(), Some("normal"));
        let own = scheduling(crate::base::kernel_ids::thread()).unwrap();
        assert_eq!((own.policy, own.priority), (0, 0));
    }

    #[test]
    fn the_thread_itself() {
        let tid = crate::base::kernel_ids::thread();
        assert!(tids().unwrap().contains(&tid));
        assert_eq!(task(tid).unwrap().state, 'R');
        assert!(cpu_time(tid).is_some());
        assert!(task(i32::MAX).is_none());
    }
}
