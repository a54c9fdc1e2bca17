//! Threads that cannot be signalled, and threads that start and end continuously.

use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use backdoor_runtime::backdoor_command;

use crate::asleep;

/// Starts a thread of this name.
pub(crate) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// A thread that sleeps uninterruptibly, as one does whose disk does not answer
#[backdoor_command(name = "fault uninterruptible")]
fn uninterruptible(
    /// For how long
    #[arg(default = Duration::from_secs(60), range = Duration::ZERO..=Duration::from_secs(3600))]
    time: Duration,
) -> io::Result<&'static str> {
    start("backup", move || write_backup(time))?;
    Ok("`backup` waits for a disk that does not answer")
}

fn write_backup(time: Duration) {
    asleep::uninterruptibly(time);
}

/// A thread that has all signals blocked, as those of some C libraries do
#[backdoor_command(name = "fault deaf")]
fn deaf() -> io::Result<&'static str> {
    start("codec", || {
        asleep::block_all_signals();
        loop {
            thread::park();
        }
    })?;
    Ok("`codec` hears no signal")
}

static CHURN: AtomicBool = AtomicBool::new(false);

/// Threads that allocate, are born and die without end, until `fault calm`
#[backdoor_command(name = "fault churn")]
fn churn() -> io::Result<&'static str> {
    CHURN.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        start("parent", || {
            while CHURN.load(Ordering::Relaxed) {
                // Some sizes are mapped and unmapped next to the stacks.
                for child in [7, 300, 5_000].map(|size| thread::spawn(move || allocate(size))) {
                    let _ = child.join();
                }
            }
        })?;
    }
    for _ in 0..2 {
        start("allocator", || {
            while CHURN.load(Ordering::Relaxed) {
                allocate(100);
            }
        })?;
    }
    Ok("threads allocate, are born and die")
}

/// The end of `fault churn`
#[backdoor_command(name = "fault calm")]
fn calm() {
    CHURN.store(false, Ordering::Relaxed);
}

pub(crate) fn allocate(size: usize) {
    for round in 1..50 {
        black_box(vec![1_u8; size * round]);
    }
}
