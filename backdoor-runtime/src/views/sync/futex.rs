//! Threads that wait in the kernel for a lock that is not ours, as far as the kernel and their stacks show it.

use std::collections::{BTreeMap, HashMap};
use std::io;

use crate::base::sort;
use crate::procfs::system_call::{Asleep, Position};
use crate::procfs::task_files;
use crate::reply::record;
use crate::views::tasks::native;
use crate::views::threads::{self, ThreadStack, owner};

/// The most groups, and the most threads of a group, that are listed.
const LISTED: usize = 64;

/// Threads that wait for the same futex, which belongs to none of our locks.
///
/// A futex is a word in memory at which threads wait: for locks, for conditions, and when they are idle. Its holder is unknown.
#[derive(Clone, Debug)]
pub(crate) struct UntrackedInfo {
    /// The address of the word.
    pub(crate) address: String,
    /// The kind of wait, as far as the expected value of the futex shows it.
    pub(crate) looks_like: &'static str,
    /// The threads: 64 at most.
    pub(crate) threads: Vec<UntrackedThread>,
    /// The number of threads.
    pub(crate) waiting: usize,
}

/// A thread that waits for a lock that is not ours.
#[derive(Clone, Debug)]
pub(crate) struct UntrackedThread {
    /// The thread's id in the kernel.
    pub(crate) thread: u32,
    /// The thread's name in the kernel, of 15 bytes at most.
    pub(crate) name: String,
    /// The author's function that it waits in, if its stack shows it.
    pub(crate) at: Option<String>,
}

record!(UntrackedInfo: address, looks_like, threads, waiting);
record!(UntrackedThread: thread, name, at);

/// All threads that wait for a futex, without waiters for our locks.
#[derive(Default)]
pub(super) struct Untracked {
    /// Futexes that look like locks, those with the most threads first.
    pub(super) locks: Vec<UntrackedInfo>,
    /// Threads that wait like idle threads: for a condition, or parked.
    pub(super) others: usize,
    /// The threads among them that may wait for a lock: no name on their stack shows it.
    pub(super) untold: usize,
}

/// Threads by the address of the futex, and the kind of lock that it looks like.
type Groups = BTreeMap<(String, &'static str), Vec<UntrackedThread>>;

/// Reads all threads, without the console's and those that `is_known`.
pub(super) fn untracked(is_known: impl Fn(u32) -> bool) -> io::Result<Untracked> {
    let mut groups = Groups::new();
    let mut others = 0;
    for tid in task_files::tids()? {
        // A thread may end meanwhile. Whether the kernel has such files at all, any live thread shows.
        let asleep = match task_files::position(tid) {
            Ok(Position::Asleep(asleep)) => asleep,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
            _ => continue,
        };
        let thread = tid.unsigned_abs();
        let (Some((address, value)), Some(name)) = (waits_at(&asleep), native::name(thread)) else {
            continue;
        };
        if is_known(thread) || name.starts_with("backdoor-") {
            continue;
        }
        match looks_like(value) {
            Some(what) => {
                groups.entry((format!("{address:#x}"), what)).or_default().push(UntrackedThread {
                    thread,
                    name,
                    at: None,
                });
            }
            None => others += 1,
        }
    }
    let (idle, untold) = ask_for_stacks(&mut groups);
    others += idle;
    let mut locks: Vec<UntrackedInfo> = groups
        .into_iter()
        .map(|((address, looks_like), mut threads)| {
            let waiting = threads.len();
            sort::sort_by_key(&mut threads, |thread| thread.thread);
            threads.truncate(LISTED);
            UntrackedInfo { address, looks_like, threads, waiting }
        })
        .collect();
    sort::sort_by_key(&mut locks, |lock| std::cmp::Reverse(lock.waiting));
    locks.truncate(LISTED);
    Ok(Untracked { locks, others, untold })
}

/// Adds the places of the waits from the stacks, and removes the threads that wait for a condition. Returns the number of those, and how
/// many of them have no useful stack. Without stacks, the value of the futex decides.
fn ask_for_stacks(groups: &mut Groups) -> (usize, usize) {
    let tids: Vec<i32> = groups.values().flatten().map(|thread| thread.thread.cast_signed()).collect();
    if tids.is_empty() {
        return (0, 0);
    }
    let stacks = threads::stacks_of(&tids).map(|stacks| stacks.threads).unwrap_or_default();
    let stacks: HashMap<i32, ThreadStack> = stacks.into_iter().map(|stack| (stack.tid, stack)).collect();
    let (mut others, mut untold) = (0, 0);
    for ((_, looks_like), threads) in groups.iter_mut() {
        threads.retain_mut(|thread| {
            let stack = stacks.get(&thread.thread.cast_signed());
            thread.at = stack.and_then(ThreadStack::own_place);
            let is_lock = match stack.and_then(waits_for) {
                Some(Called::Condition) => false,
                Some(Called::Lock) => *looks_like != OF_PARKING_LOT,
                Some(Called::LockOfParkingLot) => true,
                None => *looks_like != OF_PARKING_LOT,
            };
            // The C library's names at the place of the wait are the same for all threads.
            let has_names = stack.is_some_and(|stack| {
                stack.frames.iter().any(|frame| frame.function.is_some() && !owner::in_c_library(frame))
            });
            others += usize::from(!is_lock);
            untold += usize::from(!is_lock && !has_names);
            is_lock
        });
    }
    groups.retain(|_, threads| !threads.is_empty());
    (others, untold)
}

/// The function that the thread waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Called {
    /// A condition, or a parking place.
    Condition,
    Lock,
    LockOfParkingLot,
}

/// The innermost function on the stack that shows the kind of wait.
fn waits_for(stack: &ThreadStack) -> Option<Called> {
    stack.frames.iter().find_map(|frame| {
        let function = frame.function.as_deref()?.to_lowercase();
        let of = owner::crate_of(frame);
        let (text, lock) = match of {
            // Its locks and its conditions all park in the end.
            "parking_lot_core" => return None,
            // An inlined function may have only its last name.
            "parking_lot" => {
                let file = frame.file.as_deref().and_then(|file| file.rsplit('/').next()).unwrap_or_default();
                (format!("{} {file}", function.replace("parking_lot", "")), Called::LockOfParkingLot)
            }
            _ => (function, Called::Lock),
        };
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        match (has(&["condvar", "pthread_cond", "park"]), has(&["mutex", "rwlock"])) {
            (true, _) => Some(Called::Condition),
            (false, true) => Some(lock),
            (false, false) => None,
        }
    })
}

/// The address of the futex and the value that the thread expected: the first and the third argument (futex(2)).
fn waits_at(asleep: &Asleep) -> Option<(u64, u32)> {
    const WAIT: u64 = 0;
    const WAIT_BITSET: u64 = 9;
    const FLAGS: u64 = 128 | 256;
    let (libc::SYS_futex, [address, operation, value, ..]) = asleep.call? else { return None };
    matches!(operation & !FLAGS, WAIT | WAIT_BITSET).then_some((address, value as u32))
}

/// Each waiter waits at a futex word of its own thread.
const OF_PARKING_LOT: &str = "a lock of parking_lot";

/// The values at which the locks of std, of glibc and of parking_lot wait. A condition is a counter, so it can have some of them, too.
fn looks_like(value: u32) -> Option<&'static str> {
    // Parked threads wait at -1 (std's thread::park).
    match value {
        1 => Some(OF_PARKING_LOT),
        2 => Some("a mutex"),
        // Bits 30 and 31: readers wait, writers wait (std's futex RwLock).
        0x4000_0000..=0xffff_fffe => Some("an RwLock"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_of_a_thread_is_described() {
        #[track_caller]
        fn check(call: Option<(i64, [u64; 6])>, expected: Option<(u64, u32)>) {
            let asleep = Asleep { call, stack_pointer: 0x7ffe, program_counter: 0x7fff };
            assert_eq!(waits_at(&asleep), expected);
        }
        let all = u64::MAX >> 32;
        check(Some((libc::SYS_futex, [0x7f00, 0x80, 2, 0, 0, 0])), Some((0x7f00, 2)));
        check(Some((libc::SYS_futex, [0x7f00, 0x189, all, 0, 0, all])), Some((0x7f00, u32::MAX)));
        check(Some((libc::SYS_futex, [0x7f00, 0x81, 1, 0, 0, 0])), None);
        check(Some((libc::SYS_read, [3, 0x7f00, 1, 0, 0, 0])), None);
        check(None, None);
    }
}
