//! Temporary changes (leases): each is undone when its time is over, also after its operator has disconnected, and at the latest when its
//! console ends. A value that was changed since is not restored.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::base::process::Process;
use crate::changes::entry::{Actor, Intent, Revert, Reverted, What};
use crate::exec::catch_panic::catch_panic;
use crate::exec::own_thread::{self, Priority};
use crate::readable::Kept;

/// The delay before a lease is tried again whose lock could not be acquired.
const AGAIN: Duration = Duration::from_secs(1);

/// A temporary change.
#[derive(Clone)]
pub(crate) struct Lease {
    /// The name of the changed value; a name has one lease.
    pub(crate) name: String,
    /// The number of the change.
    pub(crate) change: u64,
    pub(crate) author: Actor,
    pub(crate) until: Instant,
    /// The value to restore; a lease that replaces this one keeps it.
    pub(crate) old: Kept,
    pub(crate) revert: Arc<dyn Revert>,
    /// Its time is over, and a thread is about to undo it.
    pub(crate) is_ending: bool,
}

struct Leases {
    table: Mutex<Table>,
    changed: Condvar,
}

struct Table {
    leases: Vec<Lease>,
    /// The thread that ends leases. Without a lease there is none.
    watched_in: Option<Process>,
}

static LEASES: Leases =
    Leases { table: Mutex::new(Table { leases: Vec::new(), watched_in: None }), changed: Condvar::new() };

fn table() -> MutexGuard<'static, Table> {
    LEASES.table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes sure that a thread will end the leases.
///
/// # Errors
/// The thread cannot be started, so no temporary change may be made.
pub(crate) fn prepare() -> io::Result<()> {
    let mut table = table();
    if !table.watched_in.is_some_and(Process::is_this) {
        own_thread::start("backdoor-lease", Priority::of_ours(), watch)?;
        table.watched_in = Some(Process::this());
    }
    Ok(())
}

/// Begins a lease. Its name has none: the earlier one was returned by [`forget`], with the value to restore.
pub(crate) fn begin(lease: Lease) {
    table().leases.push(lease);
    LEASES.changed.notify_all();
}

/// Removes the lease of this name without undoing its change: another change replaces it.
pub(crate) fn forget(name: &str) -> Option<Lease> {
    table().take(|lease| lease.name == name)
}

/// Whether the lease that this change began is in force.
pub(crate) fn is_in_force(name: &str, change: u64) -> bool {
    table().leases.iter().any(|lease| lease.name == name && lease.change == change)
}

/// Whether a lease of this name is in force.
pub(crate) fn is_leased(name: &str) -> bool {
    table().leases.iter().any(|lease| lease.name == name)
}

/// A number for a console that ends its leases when it ends.
pub(crate) fn new_owner() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Ends the leases of a console, and waits for that no longer than `limit`.
pub(crate) fn end_of(owner: u64, limit: Duration) {
    let leases: Vec<Lease> = table().leases.extract_if(.., |lease| lease.author.owner == owner).collect();
    if leases.is_empty() {
        return;
    }
    let (done, is_done) = sync_channel::<()>(0);
    let end = move || {
        for lease in leases {
            if !lease.end(Some("the console ended")) {
                lease.author.warn(format!(
                    "`{}` keeps the value of change {}: it was locked when the console ended",
                    lease.name, lease.change
                ));
            }
        }
        drop(done);
    };
    // Without a thread, this could take any time, and the service's end is more important.
    if own_thread::start("backdoor-lease", Priority::of_ours(), end).is_ok() {
        // The caller may stop waiting: the thread continues.
        let _ = is_done.recv_timeout(limit);
    }
}

impl Table {
    fn take(&mut self, wanted: impl Fn(&Lease) -> bool) -> Option<Lease> {
        let at = self.leases.iter().position(wanted)?;
        Some(self.leases.swap_remove(at))
    }

    /// The leases whose time is over, and how long the next one lasts. They stay in the table until they have ended: a change of the same
    /// name meanwhile must know the value to restore.
    fn due(&mut self, now: Instant) -> (Vec<Lease>, Option<Duration>) {
        let waiting = || self.leases.iter().filter(|lease| !lease.is_ending);
        let next = waiting().filter(|lease| lease.until > now).map(|lease| lease.until - now).min();
        let due = self.leases.iter_mut().filter(|lease| !lease.is_ending && lease.until <= now);
        let due = due.map(|lease| {
            lease.is_ending = true;
            lease.clone()
        });
        (due.collect(), next)
    }
}

impl Lease {
    /// Undoes the change. False if it has to be tried again.
    fn end(&self, because: Option<&str>) -> bool {
        let intent = Intent {
            what: What::End(self.change),
            author: self.author.clone(),
            because: because.map(str::to_owned),
        };
        let revert = || catch_panic(|| self.revert.revert(self.change, &intent));
        let reverted = match &self.author.runtime {
            Some(runtime) => runtime.enter(revert),
            None => revert(),
        };
        match reverted {
            Ok(Reverted::Done(_) | Reverted::LeftAlone | Reverted::Nothing) => {}
            Ok(Reverted::Held) => return false,
            Ok(Reverted::Failed(why)) => self.fail(&why),
            Err(panic) => self.fail(&format!("it panicked: {}", panic.message)),
        }
        true
    }

    fn fail(&self, why: &str) {
        let Self { name, change, author, .. } = self;
        author.warn(format!("change {change} of `{name}` could not be undone: {why}"));
    }
}

/// Ends the leases whose time is over, each on a thread of its own: one that hangs does not delay the others.
fn watch() {
    loop {
        let mut open = table();
        let due = loop {
            let (due, next) = open.due(Instant::now());
            if !due.is_empty() {
                break due;
            }
            open = match next {
                None => LEASES.changed.wait(open).unwrap_or_else(PoisonError::into_inner),
                Some(time) => {
                    LEASES.changed.wait_timeout(open, time).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        };
        drop(open);
        for lease in due {
            let (name, change) = (lease.name.clone(), lease.change);
            let end = move || after(&lease.name, lease.change, lease.end(None));
            if own_thread::start("backdoor-vars", Priority::of_ours(), end).is_err() {
                after(&name, change, false);
            }
        }
    }
}

/// Removes a lease that has ended, or schedules another try.
fn after(name: &str, change: u64, has_ended: bool) {
    let is_this = |lease: &Lease| lease.name == name && lease.change == change;
    let mut table = table();
    if has_ended {
        let ended = table.take(is_this);
        // The stored value may run code of the author in its drop.
        drop(table);
        drop(ended);
    } else if let Some(lease) = table.leases.iter_mut().find(|lease| is_this(lease)) {
        lease.until = Instant::now() + AGAIN;
        lease.is_ending = false;
        LEASES.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Revert for Nothing {
        fn revert(&self, _change: u64, _intent: &Intent) -> Reverted {
            Reverted::LeftAlone
        }

        fn see(&self) -> String {
            "nothing".to_owned()
        }
    }

    fn lease(name: &str, until: Instant) -> Lease {
        Lease {
            name: name.to_owned(),
            change: 1,
            author: Actor::service(),
            until,
            old: Arc::new(()),
            revert: Arc::new(Nothing),
            is_ending: false,
        }
    }

    #[test]
    fn a_lease_ends_once_and_is_listed_until_then() {
        let now = Instant::now();
        let second = Duration::from_secs(1);
        let leases = vec![lease("one", now + second), lease("two", now + 3 * second)];
        let mut table = Table { leases, watched_in: Some(Process::this()) };
        let due = |table: &mut Table, at: Instant| {
            let (due, next) = table.due(at);
            (due.into_iter().map(|lease| lease.name).collect::<Vec<_>>(), next)
        };
        assert_eq!(due(&mut table, now), (vec![], Some(second)));
        assert_eq!(due(&mut table, now + second), (vec!["one".to_owned()], Some(2 * second)));
        assert_eq!(due(&mut table, now + 2 * second), (vec![], Some(second)));
        assert!(
            table.take(|lease| lease.name == "one").is_some(),
            "who changes it meanwhile knows what it was"
        );
        assert_eq!(due(&mut table, now + 4 * second), (vec!["two".to_owned()], None));
    }
}
