//! The child processes: those that run, and those that have ended and that nobody has waited for.

use std::fmt::{self, Write};
use std::time::Duration;
use std::{fs, io};

use super::program::without_secrets;
use crate::base::{kernel_ids, reserve};
use crate::procfs::files::{named, read};
use crate::procfs::{namespace, task_files};
use crate::reply::record;
use crate::{Column, CommandOutput, Cut, Page, Value};

record! {
    /// The child processes.
    pub(crate) struct Children {
        /// The number of children.
        pub count: u64,
        /// Of these: those that have ended and that nobody has waited for.
        pub zombies: u64,
        /// Each of them, the oldest first.
        pub children: Vec<Child>,
        /// The number of children that a limit removed from the list.
        pub left_out: u64,
    }
}

record! {
    /// A child process (`/proc/PID/stat`; proc_pid_stat(5)).
    pub(crate) struct Child {
        /// Its number.
        pub pid: i32,
        /// `running`, `sleeping`, .., or `zombie`: it has ended, and nobody has waited for it.
        pub state: &'static str,
        /// The time since its start. `None` if it cannot be read.
        pub age: Option<Duration>,
        /// Its command line without secrets; its name alone if it has ended.
        pub command: String,
    }
}

const ZOMBIE: &str = "zombie";

/// The most bytes of a command line.
const COMMAND: usize = 200;

/// The child processes now.
///
/// # Errors
/// `/proc` is not mounted, or hidden.
pub(crate) fn children() -> io::Result<Children> {
    let uptime = uptime();
    let mut children: Vec<(u64, Child)> = pids()?.into_iter().filter_map(|pid| child(pid, uptime)).collect();
    children.sort_by_key(|(start, child)| (*start, child.pid));
    let children: Vec<Child> = children.into_iter().map(|(_, child)| child).collect();
    let zombies = children.iter().filter(|child| child.state == ZOMBIE).count() as u64;
    Ok(Children { count: children.len() as u64, zombies, children, left_out: 0 })
}

/// The children of each thread; where the kernel has no such files (`CONFIG_PROC_CHILDREN`), all processes are searched.
fn pids() -> io::Result<Vec<i32>> {
    let mut pids = Vec::new();
    for tid in namespace::listed()? {
        let path = format!("/proc/self/task/{tid}/children");
        match reserve::read(&path) {
            Ok(list) => {
                let list = String::from_utf8_lossy(&list).into_owned();
                pids.extend(list.split_ascii_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
            }
            // The thread has ended.
            Err(_) if fs::metadata(format!("/proc/self/task/{tid}")).is_err() => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return searched(),
            Err(error) => return Err(named(path.as_ref(), error)),
        }
    }
    Ok(pids)
}

fn searched() -> io::Result<Vec<i32>> {
    let there = fs::read_link("/proc/self").ok().and_then(|link| link.to_str()?.parse().ok());
    let own: i32 = there.unwrap_or_else(kernel_ids::process);
    let pids = reserve::names("/proc").map_err(|error| named("/proc".as_ref(), error))?;
    let pids = pids.iter().filter_map(|name| name.parse::<i32>().ok());
    Ok(pids.filter(|pid| stat(*pid).is_some_and(|stat| stat.parent == own)).collect())
}

/// What the kernel shows of a process.
struct Stat {
    name: String,
    state: char,
    parent: i32,
    /// The start, in ticks since the start of the system.
    start: u64,
}

fn stat(pid: i32) -> Option<Stat> {
    parse(&read(format!("/proc/{pid}/stat")).ok()?)
}

/// `7 (a) b) S 1 ..`: the name may have spaces and parentheses. The start is field 22.
fn parse(text: &str) -> Option<Stat> {
    let (name, fields) = text.split_once('(')?.1.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    Some(Stat {
        name: name.to_owned(),
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        start: fields.get(19)?.parse().ok()?,
    })
}

/// The child, and the time of its start.
fn child(pid: i32, uptime: Option<Duration>) -> Option<(u64, Child)> {
    let stat = stat(pid)?;
    let state = if matches!(stat.state, 'Z' | 'X') { ZOMBIE } else { task_files::state_in_words(stat.state) };
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let age = uptime.map(|up| up.saturating_sub(Duration::from_secs_f64(stat.start as f64 / ticks)));
    Some((stat.start, Child { pid, state, age, command: command(pid).unwrap_or(stat.name) }))
}

/// `None` for a process that has ended, or one of the kernel.
fn command(pid: i32) -> Option<String> {
    let line = read(format!("/proc/{pid}/cmdline")).ok()?;
    let arguments = line.trim_end_matches('\0').split('\0').map(str::to_owned);
    let mut command = without_secrets(arguments).join(" ");
    command.truncate(command.floor_char_boundary(COMMAND));
    (!command.is_empty()).then_some(command)
}

/// The first number of `/proc/uptime`.
fn uptime() -> Option<Duration> {
    let text = read("/proc/uptime").ok()?;
    Duration::try_from_secs_f64(text.split(' ').next()?.parse().ok()?).ok()
}

impl Children {
    /// Lists only the first `limit` children with the text in their state or command; the counts stay.
    pub(crate) fn select(mut self, pattern: Option<&str>, limit: usize) -> Self {
        if let Some(pattern) = pattern {
            self.children.retain(|child| child.state.contains(pattern) || child.command.contains(pattern));
        }
        self.left_out += self.children.len().saturating_sub(limit) as u64;
        self.children.truncate(limit);
        self
    }
}

impl Children {
    /// The children that have ended and that nobody has waited for.
    #[cfg(all_views)]
    pub(crate) fn zombies(&self) -> impl Iterator<Item = i32> {
        self.children.iter().filter(|child| child.state == ZOMBIE).map(|child| child.pid)
    }
}

impl CommandOutput for Children {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let Self { count, zombies, .. } = self;
        let of = match count {
            0 => return writeln!(page, "the process has no children"),
            1 => "1 child".to_owned(),
            count => format!("{count} children"),
        };
        let ended = match zombies {
            0 => String::new(),
            1 => "; 1 has ended and nobody has waited for it".to_owned(),
            zombies => format!("; {zombies} have ended and nobody has waited for them"),
        };
        page.hanging(&format!("{of}{ended}"), 2)?;
        if !self.children.is_empty() {
            let rows: Vec<Value> = self.children.iter().map(Value::of).collect();
            writeln!(page)?;
            page.table(&rows, &[Column::new("command").cut(Cut::End)])?;
        }
        match self.left_out {
            0 => Ok(()),
            left_out => writeln!(page, "{left_out} more; `--limit` shows more"),
        }
    }

    fn value(&self) -> Value {
        Value::of(self)
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use super::*;

    fn of(pid: i32) -> Option<Child> {
        children().unwrap().children.into_iter().find(|child| child.pid == pid)
    }

    /// `zombies.rs`: no view knew of child processes.
    #[test]
    fn a_child_that_nobody_waits_for_is_a_zombie() {
        let mut command = Command::new("cat");
        command.arg("--").arg("-").stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        let pid = child.id() as i32;
        let seen = of(pid).unwrap();
        // Between fork and exec it has the name of this test.
        assert_ne!(seen.state, ZOMBIE);
        assert!(seen.age.is_some_and(|age| age < Duration::from_secs(600)), "{seen:?}");
        assert!(searched().unwrap().contains(&pid));
        drop(child.stdin.take());
        let until = Instant::now() + Duration::from_secs(60);
        while of(pid).unwrap().state != ZOMBIE && Instant::now() < until {
            std::thread::yield_now();
        }
        let all = children().unwrap();
        assert!(all.zombies >= 1 && all.count >= all.zombies);
        let zombie = of(pid).unwrap();
        assert_eq!((zombie.state, zombie.command.as_str()), (ZOMBIE, "cat"));
        child.wait().unwrap();
        assert!(of(pid).is_none());
    }

    #[test]
    fn names_with_parentheses_are_read() {
        let fields = "R 7 7 7 0 -1 4194304 0 0 0 0 1 2 0 0 20 0 1 0 4711 0";
        let stat = parse(&format!("9 (a) b) {fields}")).unwrap();
        assert_eq!((stat.name.as_str(), stat.state, stat.parent, stat.start), ("a) b", 'R', 7, 4711));
    }
}
