//! The one way to wait for a state: read until it has come, and after the time limit, report the condition and the last state.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// How long a test waits. The console has a lower priority than everything else on the machine: beside a few compilers, a second of its
/// work takes half a minute.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The pause between two readings.
const PAUSE: Duration = Duration::from_millis(5);

/// Reads until the condition is met, and returns the value.
#[track_caller]
pub(crate) fn until<T: Debug>(what: &str, mut look: impl FnMut() -> T, has_come: impl Fn(&T) -> bool) -> T {
    let waited = Waited::begin(what);
    loop {
        let seen = look();
        if has_come(&seen) {
            return seen;
        }
        waited.goes_on(&seen);
        std::thread::sleep(PAUSE);
    }
}

/// Reads until there is a value, and returns it.
#[track_caller]
pub(crate) fn until_some<T: Debug>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    until(what, look, Option::is_some).expect("it was seen")
}

/// The same as [`until`] on a runtime, without blocking it.
pub(crate) async fn until_async<T: Debug>(
    what: &str,
    mut look: impl FnMut() -> T,
    has_come: impl Fn(&T) -> bool,
) -> T {
    let waited = Waited::begin(what);
    loop {
        let seen = look();
        if has_come(&seen) {
            return seen;
        }
        waited.goes_on(&seen);
        tokio::time::sleep(PAUSE).await;
    }
}

/// Reads until the value is the same before and after some work on the same path, and returns it: the work of others shows that the value
/// has settled, not the time.
#[track_caller]
pub(crate) fn until_rest<T: Debug + PartialEq>(
    what: &str,
    look: impl Fn() -> T,
    mut work_of_others: impl FnMut(),
) -> T {
    let twice = || {
        let before = look();
        (0..50).for_each(|_| work_of_others());
        (before, look())
    };
    until(&format!("rest of {what}"), twice, |(before, after)| before == after).0
}

/// Runs work that has to end.
#[track_caller]
pub(crate) fn returns(what: &str, work: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let working = scope.spawn(work);
        let waited = Waited::begin(what);
        while !working.is_finished() {
            waited.goes_on(&"it is still at work");
            std::thread::sleep(PAUSE);
        }
        working.join().expect("its panic was shown");
    });
}

/// A wait with its end, for a test that has to wait in another way, such as in a read of a socket.
pub(crate) struct Waited<'a> {
    what: &'a str,
    end: Instant,
}

impl<'a> Waited<'a> {
    pub(crate) fn begin(what: &'a str) -> Self {
        Self { what, end: Instant::now() + PATIENCE }
    }

    /// Records the last state.
    ///
    /// # Panics
    /// The time limit is over.
    #[track_caller]
    pub(crate) fn goes_on(&self, seen: &impl Debug) {
        // Text with several lines is shown as such.
        assert!(
            Instant::now() < self.end,
            "waited for {} in vain; last seen: {}",
            self.what,
            format!("{seen:#?}").replace("\\n", "\n")
        );
    }
}

#[test]
#[should_panic(expected = "waited for a seven in vain; last seen: 6")]
fn a_failed_wait_shows_the_last_state() {
    Waited { what: "a seven", end: Instant::now() }.goes_on(&6);
}

#[test]
fn a_successful_wait_returns_the_value() {
    let mut numbers = 1..;
    assert_eq!(until("a seven", || numbers.next().unwrap(), |number| *number == 7), 7);
    assert_eq!(until_some("an eight", || numbers.next().filter(|number| *number == 9)), 9);
}
