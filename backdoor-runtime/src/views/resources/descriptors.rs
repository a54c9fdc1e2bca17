//! The open descriptors: their kinds, their targets, and their limit.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::{self, Write};
use std::io;
use std::path::Path;

use super::links::links;
use super::sockets::{self, Socket, sockets_by_inode};
use crate::base::soft_limit::{Kind, soft_limit};
use crate::base::sort;
use crate::procfs::files::percent;
use crate::reply::record;
use crate::{Column, CommandOutput, Cut, Page, Value};

record! {
    /// The open descriptors of the process (`/proc/self/fd`; proc(5)).
    pub(crate) struct Descriptors {
        /// The number of open descriptors, without the one that reads this directory.
        pub open: u64,
        /// The limit (`RLIMIT_NOFILE`, soft). `None` where there is no limit.
        pub limit: Option<u64>,
        /// `open` in percent of `limit`.
        pub percent: Option<f64>,
        /// The number of each kind, the most frequent first.
        pub kinds: Vec<KindCount>,
        /// Each of them, by number; empty if they are counted by target.
        pub descriptors: Vec<Descriptor>,
        /// The number of each kind and target, the most frequent first, if they are counted by target.
        pub targets: Vec<TargetCount>,
        /// The number of descriptors or targets that a limit removed from the list.
        pub left_out: u64,
    }
}

record! {
    /// The number of descriptors of one kind.
    pub(crate) struct KindCount {
        /// `file`, `socket`, `pipe`, `epoll`, ..
        pub kind: String,
        /// The number.
        pub count: u64,
    }
}

record! {
    /// The number of descriptors with one target.
    pub(crate) struct TargetCount {
        /// The number.
        pub count: u64,
        /// The kind.
        pub kind: String,
        /// The file; for connections, their kind and state with the own listener or the peer, and no port that differs between them.
        pub target: String,
    }
}

record! {
    /// One open descriptor.
    pub(crate) struct Descriptor {
        /// Its number.
        pub fd: u32,
        /// `file`, `directory`, `device`, `socket`, `pipe`, `epoll`, `eventfd`, `timerfd`, `inotify`, `memfd`, ..
        pub kind: String,
        /// The file, or both ends of the connection; otherwise the name in the kernel.
        pub target: String,
    }
}

/// The open descriptors of the process now.
///
/// # Errors
/// `/proc` is not mounted, or hidden.
pub(crate) fn descriptors() -> io::Result<Descriptors> {
    let links = links()?;
    let sockets = sockets_by_inode().unwrap_or_default();
    let descriptors: Vec<Descriptor> = links
        .into_iter()
        .map(|(fd, link)| {
            let kind = kind(&link);
            let socket = sockets::inode(&link).and_then(|inode| sockets.get(&inode));
            Descriptor { fd, kind, target: socket.map_or(link, Socket::summary) }
        })
        .collect();
    let open = descriptors.len() as u64;
    // By a system call: there may be no descriptor left for reading a file.
    let limit = soft_limit(Kind::OpenFiles);
    let kinds = count(&descriptors);
    Ok(Descriptors {
        open,
        limit,
        percent: limit.and_then(|limit| percent(open, limit)),
        kinds,
        descriptors,
        targets: Vec::new(),
        left_out: 0,
    })
}

fn kind(link: &str) -> String {
    let kind = match link.split_once(':') {
        Some(("anon_inode", name)) => return name.trim_matches(['[', ']']).replace("eventpoll", "epoll"),
        Some(("socket", _)) => "socket",
        Some(("pipe", _)) => "pipe",
        _ if link.starts_with("/memfd:") => "memfd",
        _ if link.starts_with("/dev/") => "device",
        _ if link.ends_with(" (deleted)") => "deleted file",
        _ if Path::new(link).is_dir() => "directory",
        _ => "file",
    };
    kind.to_owned()
}

fn count(descriptors: &[Descriptor]) -> Vec<KindCount> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for descriptor in descriptors {
        *counts.entry(&descriptor.kind).or_default() += 1;
    }
    let mut kinds: Vec<KindCount> =
        counts.into_iter().map(|(kind, count)| KindCount { kind: kind.to_owned(), count }).collect();
    sort::sort_by(&mut kinds, |left, right| {
        right.count.cmp(&left.count).then_with(|| left.kind.cmp(&right.kind))
    });
    kinds
}

impl Descriptors {
    /// Lists only the first `limit` descriptors with the text in their kind or target; the counts stay.
    pub(crate) fn select(mut self, pattern: Option<&str>, limit: usize) -> Self {
        if let Some(pattern) = pattern {
            self.descriptors.retain(|fd| fd.kind.contains(pattern) || fd.target.contains(pattern));
        }
        self.left_out += self.descriptors.len().saturating_sub(limit) as u64;
        self.descriptors.truncate(limit);
        self
    }

    /// Counts the descriptors with the text in their kind or target by target, and lists only the first `limit` targets.
    pub(crate) fn by_target(self, pattern: Option<&str>, limit: usize) -> Self {
        let selected = self.select(pattern, usize::MAX);
        let listeners: HashSet<String> =
            selected.descriptors.iter().filter_map(|fd| Some(listener(&fd.target)?.to_owned())).collect();
        let mut counts: HashMap<(&str, String), u64> = HashMap::new();
        for fd in &selected.descriptors {
            *counts.entry((&fd.kind, common(&fd.target, &listeners))).or_default() += 1;
        }
        let target = |((kind, target), count): ((&str, String), u64)| TargetCount {
            count,
            kind: kind.to_owned(),
            target,
        };
        let mut targets: Vec<TargetCount> = counts.into_iter().map(target).collect();
        targets.sort_by(|left, right| {
            let names = |target: &TargetCount| (target.kind.clone(), target.target.clone());
            right.count.cmp(&left.count).then_with(|| names(left).cmp(&names(right)))
        });
        let left_out = targets.len().saturating_sub(limit) as u64;
        targets.truncate(limit);
        Self { descriptors: Vec::new(), targets, left_out, ..selected }
    }
}

/// The address in `tcp 127.0.0.1:80 listens`.
fn listener(target: &str) -> Option<&str> {
    target.strip_prefix("tcp ")?.strip_suffix(" listens")
}

/// The part of a target that equal ones have in common: a connection has a port of its own at one end, and a pipe has a number.
fn common(target: &str, listeners: &HashSet<String>) -> String {
    if let Some((name, _)) = target.split_once(":[").filter(|_| target.ends_with(']')) {
        return name.to_owned();
    }
    let Some((own, peer)) = target.split_once(" - ") else { return target.to_owned() };
    let (Some((kind, local)), Some((peer, state))) = (own.split_once(' '), peer.split_once(' ')) else {
        return target.to_owned();
    };
    // A listener on all addresses has those of its connections.
    let port = local.rsplit(':').next().unwrap_or_default();
    let any = [format!("0.0.0.0:{port}"), format!("[::]:{port}")];
    match listeners.contains(local) || any.iter().any(|any| listeners.contains(any)) {
        true => format!("{kind} accepted at {local}, {state}"),
        false => format!("{kind} to {peer}, {state}"),
    }
}

impl CommandOutput for Descriptors {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        match (self.limit, self.percent) {
            (Some(limit), Some(percent)) => writeln!(page, "{} open of {limit} ({percent} %)", self.open)?,
            _ => writeln!(page, "{} open; there is no limit", self.open)?,
        }
        let kinds: Vec<String> =
            self.kinds.iter().map(|kind| format!("{} {}", kind.count, kind.kind)).collect();
        writeln!(page, "{}", kinds.join(", "))?;
        if !self.descriptors.is_empty() {
            let rows: Vec<Value> = self.descriptors.iter().map(Value::of).collect();
            writeln!(page)?;
            page.table(&rows, &[Column::new("target").cut(Cut::Start)])?;
        }
        if !self.targets.is_empty() {
            let rows: Vec<Value> = self.targets.iter().map(Value::of).collect();
            writeln!(page)?;
            page.table(&rows, &[Column::new("target").cut(Cut::Start)])?;
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
    use std::fs::File;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn kinds_follow_from_the_kernels_names() {
        #[track_caller]
        fn check(link: &str, expected: &str) {
            assert_eq!(kind(link), expected);
        }
        check("socket:[12]", "socket");
        check("pipe:[12]", "pipe");
        check("anon_inode:[eventpoll]", "epoll");
        check("anon_inode:[eventfd]", "eventfd");
        check("anon_inode:inotify", "inotify");
        check("/dev/null", "device");
        check("/memfd:x (deleted)", "memfd");
        check("/var/log/x (deleted)", "deleted file");
        check("/proc", "directory");
        check("/proc/version", "file");
        check("/a:b", "file");
    }

    #[test]
    fn an_open_file_and_a_listener_are_seen_with_their_targets() {
        let file = File::open("/proc/version").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let all = descriptors().unwrap();
        assert!(
            all.descriptors.iter().any(|fd| fd.kind == "file" && fd.target == "/proc/version"),
            "{all:?}"
        );
        let socket = all.descriptors.iter().find(|fd| fd.target.contains(&address)).unwrap();
        assert_eq!(socket.target, format!("tcp {address} listens"));
        assert!(all.limit.is_some_and(|limit| limit >= all.open));
        assert!(all.descriptors.iter().all(|fd| !fd.target.ends_with("/fd")), "{all:?}");
        drop((file, listener));
    }

    /// `fd-leak.rs`: descriptors were not grouped by target.
    #[test]
    fn descriptors_with_one_target_are_counted_together() {
        let files: Vec<File> = (0..200).map(|_| File::open("/proc/version").unwrap()).collect();
        let counted = descriptors().unwrap().by_target(None, 3);
        let first = &counted.targets[0];
        assert!(first.kind == "file" && first.target == "/proc/version" && first.count >= 200, "{counted:?}");
        assert!(counted.descriptors.is_empty() && counted.targets.len() <= 3);
        assert!(descriptors().unwrap().by_target(Some("no such thing"), 3).targets.is_empty());
        drop(files);
    }

    #[test]
    fn connections_are_counted_without_their_own_port() {
        let listeners = HashSet::from(["0.0.0.0:3000".to_owned()]);
        let check = |target: &str, expected: &str| assert_eq!(common(target, &listeners), expected);
        check("tcp 10.0.0.1:3000 - 10.0.0.9:50123 established", "tcp accepted at 10.0.0.1:3000, established");
        check("tcp 10.0.0.1:50999 - 10.0.0.2:5432 close-wait", "tcp to 10.0.0.2:5432, close-wait");
        check("tcp 0.0.0.0:3000 listens", "tcp 0.0.0.0:3000 listens");
        check("pipe:[4711]", "pipe");
        check("/etc/a - b", "/etc/a - b");
    }

    #[test]
    fn a_selection_keeps_the_counts() {
        let selected = descriptors().unwrap().select(Some("no such thing"), 10);
        assert!(selected.descriptors.is_empty() && selected.open > 0 && selected.left_out == 0);
        let selected = descriptors().unwrap().select(None, 1);
        assert_eq!(selected.descriptors.len(), 1);
        assert_eq!(selected.left_out, selected.open - 1);
    }
}
