//! Changes for a while: each is taken back when its time is over, also when its operator has gone, and at the latest when its console
//! ends. Only what is still as the change made it is taken back.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::base::fork::Process;
use crate::changes::Kept;
use crate::changes::entry::{Actor, Intent, Revert, Reverted, What};
use crate::exec::catch_panic::catch_panic;
use crate::exec::own_thread::{self, Priority};

/// How long until a lease is ended whose lock could not be had.
const AGAIN: Duration = Duration::from_secs(1);

/// The longest lease: a week. What should stay longer is a change.
pub(crate) const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// A change for a while.
#[derive(Clone)]
pub(crate) struct Lease {
    /// What is changed: there is one lease of a name.
    pub(crate) name: String,
    /// The number of the change.
    pub(crate) change: u64,
    pub(crate) author: Actor,
    pub(crate) until: Instant,
    /// What it will be again: a lease that takes the place of this one keeps it.
    pub(crate) old: Kept,
    pub(crate) revert: Arc<dyn Revert>,
    /// Its time is over, and a thread is about to take it back.
    pub(crate) is_ending: bool,
}

struct Leases {
    table: Mutex<Table>,
    changed: Condvar,
}

struct Table {
    leases: Vec<Lease>,
    /// Where the thread is that ends them. It costs nothing while there is no lease.
    watched_in: Option<Process>,
}

static LEASES: Leases =
    Leases { table: Mutex::new(Table { leases: Vec::new(), watched_in: None }), changed: Condvar::new() };

fn table() -> MutexGuard<'static, Table> {
    LEASES.table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes sure that somebody will end the leases.
///
/// # Errors
/// The thread for it cannot be started, so that nothing should be changed for a while.
pub(crate) fn prepare() -> io::Result<()> {
    let mut table = table();
    if !table.watched_in.is_some_and(Process::is_this) {
        own_thread::start("backdoor-lease", Priority::of_ours(), watch)?;
        table.watched_in = Some(Process::this());
    }
    Ok(())
}

/// Begins a lease. There is none of its name: the earlier one was given back by [`forget`], with what it would have put back.
pub(crate) fn begin(lease: Lease) {
    table().leases.push(lease);
    LEASES.changed.notify_all();
}

/// Ends the lease of this name without taking its change back: something else comes in its place.
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

/// A number for a console whose end ends its leases.
pub(crate) fn new_owner() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Ends the leases of a console that ends, and waits for that no longer than `limit`.
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
                    "`{}` is as change {} left it: it was held when the console ended",
                    lease.name, lease.change
                ));
            }
        }
        drop(done);
    };
    // Without a thread for it there is no telling how long it takes: the service's own end is worth more.
    if own_thread::start("backdoor-lease", Priority::of_ours(), end).is_ok() {
        // Late is fine: the thread goes on.
        let _ = is_done.recv_timeout(limit);
    }
}

impl Table {
    fn take(&mut self, wanted: impl Fn(&Lease) -> bool) -> Option<Lease> {
        let at = self.leases.iter().position(wanted)?;
        Some(self.leases.swap_remove(at))
    }

    /// What is over by now, and how long the next one lasts. What is over stays in the table until it has ended: whoever changes the
    /// same meanwhile has to know what it would put back.
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
    /// Takes the change back. False where that has to be tried again.
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
        author.warn(format!("change {change} of `{name}` could not be taken back: {why}"));
    }
}

/// Ends what is over, each lease on a thread of its own: what hangs there holds up no other.
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

/// Takes a lease that has ended out of the table, or lets it be tried again.
fn after(name: &str, change: u64, has_ended: bool) {
    let is_this = |lease: &Lease| lease.name == name && lease.change == change;
    let mut table = table();
    if has_ended {
        let ended = table.take(is_this);
        // What it kept is the author's to drop.
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
            author: crate::views::vars::service(),
            until,
            old: Arc::new(()),
            revert: Arc::new(Nothing),
            is_ending: false,
        }
    }

    #[test]
    fn an_expired_lease_ends_once_and_is_known_until_then() {
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
