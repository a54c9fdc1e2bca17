//! Threads that may not be signalled: their stack has no room, or their system call cannot be read.

use std::ffi::c_void;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{mem, ptr, thread};

use backdoor_runtime::threads::stacks;
use backdoor_runtime::{Backdoor, profile};

use crate::left_out::left_out;
use crate::{PATIENCE, look_until, spawn};

static BURNS: AtomicBool = AtomicBool::new(true);

/// Uses so much of a stack of 16 KiB that a signal's frame and handler would have no room. The C library uses a part of it, and without
/// optimisation there are two such arrays.
extern "C" fn burns_with_little_room(_: *mut c_void) -> *mut c_void {
    const USED: usize = if cfg!(debug_assertions) { 4 << 10 } else { 9 << 10 };
    let used = black_box([1_u8; USED]);
    // SAFETY: it names the calling thread.
    unsafe { libc::prctl(libc::PR_SET_NAME, c"little-room".as_ptr()) };
    while BURNS.load(Ordering::Relaxed) {
        black_box(&used);
    }
    ptr::null_mut()
}

pub(crate) fn a_small_stack() {
    if cfg!(target_env = "musl") {
        left_out("a small stack: musl does not tell where the stack of a thread is");
        return;
    }
    // SAFETY: the attributes are made before they are used, and the thread's function takes no argument.
    unsafe {
        let (mut attributes, mut made) = (mem::zeroed(), mem::zeroed());
        libc::pthread_attr_init(&mut attributes);
        assert_eq!(libc::pthread_attr_setstacksize(&mut attributes, 16 << 10), 0);
        let begun = libc::pthread_create(&mut made, &attributes, burns_with_little_room, ptr::null_mut());
        assert_eq!(begun, 0);
    }
    let why = "it runs, and its stack may be too full for a signal";
    for _ in 0..10 {
        look_until("little-room", |thread| thread.missing.as_deref() == Some(why));
    }
    let recording = profile::begin(1000, Duration::from_millis(300), "a test").unwrap();
    assert!(recording.wait(PATIENCE));
    let profile = recording.end().unwrap();
    let why = "its stack may be too full for a signal";
    assert!(
        profile.unwatched_because.iter().any(|(reason, _)| reason == why),
        "{:?}",
        profile.unwatched_because
    );
    BURNS.store(false, Ordering::Relaxed);
}

/// A service that began as root and gave up its rights may not read the kernel's information about its own system calls.
pub(crate) fn given_up_rights() {
    spawn("sleeps", || thread::sleep(Duration::from_secs(100_000)));
    look_until("sleeps", |thread| thread.missing.is_none() && thread.system_call.is_some());
    // SAFETY: the call takes a number.
    if unsafe { libc::setuid(65_534) } != 0 {
        left_out("rights that are given up: only root has some");
        return;
    }
    let thread = stacks().unwrap().threads.into_iter().find(|thread| thread.name == "sleeps").unwrap();
    let missing = thread.missing.unwrap_or_default();
    assert!(
        missing.contains("it sleeps in a system call that cannot be read (Permission denied"),
        "{missing}"
    );
    assert!(missing.ends_with("; `pnt --interrupt` sends the signal anyway"), "{missing}");
    let answer = Backdoor::testing().run("pnt sleeps --interrupt");
    let [group] = answer.value.as_list().unwrap() else { panic!("{answer:?}") };
    assert!(group["frames"].as_list().is_some_and(|frames| !frames.is_empty()), "{group}");
    assert!(
        group["missing"].is_null() && !answer.text.contains("the longest interruption was 0"),
        "{answer:?}"
    );
}
