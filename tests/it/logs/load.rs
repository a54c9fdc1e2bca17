//! Threads that log as fast as they can, slow readers, and no waits between them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tracing_subscriber::prelude::*;

use super::own_process;
use crate::operator::{Operator, console};
use crate::wait::until;

#[test]
fn a_tail_follows_eight_busy_threads() {
    // They push everything else out of the ring.
    own_process("logs::load::a_tail_follows_eight_busy_threads", || {
        tracing_subscriber::registry().with(backdoor_runtime::logs()).init();
        flat_out();
    });
}

fn flat_out() {
    /// Lets the threads end, also after a failed assertion.
    struct Ends<'a>(&'a AtomicBool);

    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    // With a lower priority than eight busy threads, the console would get almost none of two cores.
    let backdoor = console().nice(0).start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let (ends, logged) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let at_last = Ends(&ends);
        for _ in 0..8 {
            scope.spawn(|| {
                while !ends.load(Ordering::Relaxed) {
                    let number = logged.fetch_add(1, Ordering::Relaxed);
                    tracing::info!(target: "it::load", number, "as fast as it goes");
                }
            });
        }
        operator.types("log tail it::load");
        operator.expects("it::load: as fast as it goes number=");
        operator.expects("dropped");
        // The operator stops reading, and the threads continue.
        let before = logged.load(Ordering::Relaxed);
        until("more lines", || logged.load(Ordering::Relaxed), |lines| *lines > before + 100_000);
        let mut other = Operator::new(&backdoor);
        // On a busy machine, a message may report the wait.
        let last = other.asks("log last 3 --target it::load");
        assert_eq!(last.matches("as fast as it goes").count(), 3, "{last}");
        drop(at_last);
    });
    operator.interrupts();
    operator.0.read_for(Duration::from_millis(100));
    let ring = backdoor_runtime::Backdoor::testing().run("log").value;
    assert!(ring["kept"].as_i64() > Some(10_000) && ring["dropped"].as_i64() > Some(0), "{ring}");
}
