//! A service that gets SIGURG for urgent data, the signal that stack readings use if nothing else handles it.

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{mem, process, ptr, thread};

use backdoor_runtime::profile;
use backdoor_runtime::threads::{stacks, stacks_of};

use crate::{PATIENCE, spawn};

static CALLED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn on_urgent_data(_: libc::c_int) {
    CALLED.fetch_add(1, Ordering::Relaxed);
}

fn install() {
    // SAFETY: all zeros are a valid `sigaction`, and the handler only counts.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = on_urgent_data as *const () as usize;
        action.sa_flags = libc::SA_RESTART;
        assert_eq!(libc::sigaction(libc::SIGURG, &action, ptr::null_mut()), 0);
    }
}

static BURNS: AtomicBool = AtomicBool::new(true);

/// Threads whose stacks can only be read by the signal.
fn burn() {
    for _ in 0..2 {
        spawn("burns", || {
            while BURNS.load(Ordering::Relaxed) {
                black_box(0);
            }
        });
    }
}

/// How often a reading used the signal.
fn asked() -> usize {
    stacks().unwrap().threads.iter().filter(|thread| thread.held.is_some()).count()
}

/// Sends urgent bytes to itself, and expects one call of the handler for each, while stacks are read.
fn urgent_data_comes() {
    const BYTES: usize = 50;
    const LOOKS: usize = 5;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut sender = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut receiver, _) = listener.accept().unwrap();
    // SAFETY: the call takes numbers.
    unsafe { libc::fcntl(receiver.as_raw_fd(), libc::F_SETOWN, process::id() as i32) };
    CALLED.store(0, Ordering::Relaxed);
    let (ends, looks) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut sent = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                looks.fetch_add(asked(), Ordering::Relaxed);
                let recording = profile::begin(1000, Duration::from_millis(20), "a test").unwrap();
                assert!(recording.wait(PATIENCE));
                recording.end().unwrap();
            }
        });
        let deadline = Instant::now() + PATIENCE;
        while sent < BYTES || looks.load(Ordering::Relaxed) < LOOKS {
            // SAFETY: it sends one byte that lives during the call.
            unsafe { libc::send(sender.as_raw_fd(), b"!".as_ptr().cast(), 1, libc::MSG_OOB) };
            sent += 1;
            while CALLED.load(Ordering::Relaxed) < sent {
                assert!(Instant::now() < deadline, "{sent} sent, {CALLED:?}, {looks:?}");
                thread::sleep(Duration::from_millis(1));
            }
            // Other data arrives as usual.
            sender.write_all(b"x").unwrap();
            receiver.read_exact(&mut [0]).unwrap();
        }
        ends.store(true, Ordering::Relaxed);
    });
    BURNS.store(false, Ordering::Relaxed);
    assert_eq!(CALLED.load(Ordering::Relaxed), sent);
}

/// The handler in the kernel now.
fn handler() -> usize {
    // SAFETY: a null action only queries.
    unsafe {
        let mut now: libc::sigaction = mem::zeroed();
        assert_eq!(libc::sigaction(libc::SIGURG, ptr::null(), &mut now), 0);
        now.sa_sigaction
    }
}

pub(crate) fn a_handler_before_the_first_look() {
    install();
    burn();
    urgent_data_comes();
    assert_eq!(handler(), on_urgent_data as *const () as usize);
}

pub(crate) fn a_handler_after_the_first_look() {
    burn();
    let deadline = Instant::now() + PATIENCE;
    while asked() == 0 {
        assert!(Instant::now() < deadline, "no thread was found running");
    }
    // A SIGURG that is pending when a thread calls `execve` is ignored by the new program.
    assert!(handler() > libc::SIG_IGN);
    assert!(stacks_of(&[]).unwrap().threads.is_empty());
    install();
    urgent_data_comes();
    assert_eq!(handler(), on_urgent_data as *const () as usize);
}
