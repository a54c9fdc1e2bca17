//! A service that replaces itself by `execve` while its stacks are read: a pending signal then reaches the new program.

use std::hint::black_box;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{env, thread};

use backdoor_runtime::threads::stacks_of;

/// With `BACKDOOR_EXECS=400` for longer.
pub(crate) fn by_itself() {
    const EXECS: usize = 3;
    static LOOKS: AtomicUsize = AtomicUsize::new(0);
    static GOES_ON: AtomicBool = AtomicBool::new(true);
    let left = env::var("BACKDOOR_EXECS").map_or(EXECS, |left| left.parse().unwrap());
    if left == 0 {
        return;
    }
    // The thread that calls `execve` has the id of the process afterwards.
    let tid = std::process::id().cast_signed();
    for _ in 0..2 {
        thread::spawn(move || {
            while GOES_ON.load(Ordering::Relaxed) {
                let asked = stacks_of(&[tid]).unwrap().threads.iter().any(|thread| thread.held.is_some());
                LOOKS.fetch_add(asked.into(), Ordering::Relaxed);
            }
        });
    }
    while LOOKS.load(Ordering::Relaxed) < 3 {
        black_box(0);
    }
    let mut again = Command::new(env::current_exe().unwrap());
    let error = again.args(env::args_os().skip(1)).env("BACKDOOR_EXECS", (left - 1).to_string()).exec();
    GOES_ON.store(false, Ordering::Relaxed);
    panic!("{error}");
}
