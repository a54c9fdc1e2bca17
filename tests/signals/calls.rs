//! Threads in system calls: none of the sleeping ones is affected by a reading of stacks.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;
use std::{env, mem, ptr, thread};

use backdoor_runtime::profile;
use backdoor_runtime::threads::stacks;

use crate::{is_on, look_until, spawn};

/// Longer than any test runs.
static LONG: libc::timespec = libc::timespec { tv_sec: 100_000, tv_nsec: 0 };

/// The calls that returned, with their names.
static BACK: Mutex<Vec<String>> = Mutex::new(Vec::new());

macro_rules! kinds {
    ($($name:ident $call:block)*) => {
        $(
            #[inline(never)]
            fn $name() {
                let result = (|| -> io::Result<i64> { $call })();
                BACK.lock().unwrap().push(format!("{}: {result:?}", stringify!($name)));
            }
        )*
        const KINDS: &[(&str, fn())] = &[$((stringify!($name), $name)),*];
    };
}

/// The result of a function of the C library.
fn gave(result: impl Into<i64>) -> io::Result<i64> {
    match result.into() {
        -1 => Err(io::Error::last_os_error()),
        result => Ok(result),
    }
}

// SAFETY (of all blocks in it): pointers are to locals that live as long as the call, or null where that is allowed.
kinds! {
    in_poll { gave(unsafe { libc::poll(ptr::null_mut(), 0, i32::MAX) }) }
    in_nanosleep { gave(unsafe { libc::nanosleep(&LONG, ptr::null_mut()) }) }
    in_usleep { gave(unsafe { libc::usleep(999_999_999) }) }
    in_select { gave(unsafe { libc::select(0, ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), ptr::null_mut()) }) }
    in_pause { gave(unsafe { libc::pause() }) }
    in_epoll_wait {
        let mut event = libc::epoll_event { events: 0, u64: 0 };
        gave(unsafe { libc::epoll_wait(libc::epoll_create1(0), &mut event, 1, -1) })
    }
    in_sem_timedwait {
        let mut semaphore = unsafe { mem::zeroed() };
        let until = libc::timespec { tv_sec: 1 << 40, tv_nsec: 0 };
        gave(unsafe {
            libc::sem_init(&mut semaphore, 0, 0);
            libc::sem_timedwait(&mut semaphore, &until)
        })
    }
    in_sigwait {
        let (mut all, mut signal) = (unsafe { mem::zeroed() }, 0);
        unsafe {
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_BLOCK, &all, ptr::null_mut());
            libc::sigwait(&all, &mut signal);
        }
        Ok(signal.into())
    }
    in_sigtimedwait {
        let mut all = unsafe { mem::zeroed() };
        unsafe {
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_BLOCK, &all, ptr::null_mut());
        }
        gave(unsafe { libc::sigtimedwait(&all, ptr::null_mut(), &LONG) })
    }
    in_futex_with_a_limit {
        let word = 7_u32;
        let (wait, limit) = (libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG, &raw const LONG);
        gave(unsafe { libc::syscall(libc::SYS_futex, &raw const word, wait, 7, limit) })
    }
    in_recv_with_a_limit {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(Duration::from_secs(100_000)))?;
        socket.recv(&mut [0; 10]).map(|read| read as i64)
    }
    in_read_with_a_limit {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut peer = TcpStream::connect(listener.local_addr()?)?;
        peer.set_read_timeout(Some(Duration::from_secs(100_000)))?;
        peer.read(&mut [0; 10]).map(|read| read as i64)
    }
    in_read_of_a_pipe {
        let (mut reader, _writer) = io::pipe()?;
        reader.read(&mut [0; 10]).map(|read| read as i64)
    }
    in_accept { TcpListener::bind("127.0.0.1:0")?.accept().map(|_| 0) }
    in_wait {
        let mut child = Command::new("sleep").arg("100000").spawn()?;
        CHILD.store(child.id() as usize, Ordering::Relaxed);
        child.wait().map(|_| 0)
    }
    in_flock {
        let path = env::temp_dir().join(format!("backdoor-flock-{}", std::process::id()));
        let (held, wanted) = (File::create(&path)?, File::open(&path)?);
        std::fs::remove_file(path)?;
        held.lock()?;
        wanted.lock().map(|()| 0)
    }
    in_sleep {
        thread::sleep(Duration::from_secs(100_000));
        Ok(0)
    }
    in_park {
        thread::park();
        Ok(0)
    }
    in_lock {
        static HELD: Mutex<()> = Mutex::new(());
        let _held = HELD.lock();
        drop(HELD.lock());
        Ok(0)
    }
    in_condition {
        let (mutex, condition) = (Mutex::new(()), Condvar::new());
        drop(condition.wait(mutex.lock().unwrap()));
        Ok(0)
    }
}

/// The child that `in_wait` waits for.
static CHILD: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn no_system_call_fails_of_a_look() {
    const SWEEPS: usize = 20;
    for (name, call) in KINDS {
        // The kernel keeps 15 bytes.
        spawn(&name[..name.len().min(15)], move || {
            call();
            black_box(name);
        });
    }
    for (name, _) in KINDS {
        look_until(&name[..name.len().min(15)], |thread| thread.state == "sleeping" && is_on(thread, name));
    }
    // Some have waited for another thread's lock or for memory before they reached their place.
    BACK.lock().unwrap().clear();
    for _ in 0..SWEEPS {
        let sweep = stacks().unwrap();
        for (name, _) in KINDS {
            let thread =
                sweep.threads.iter().find(|thread| thread.name == name[..name.len().min(15)]).unwrap();
            assert!(is_on(thread, name), "{thread:#?}");
            // The stack reaches the start of the thread.
            assert!(!thread.cut, "{thread:#?}");
            assert_eq!((thread.held, thread.missing.as_deref()), (None, None), "{thread:#?}");
        }
    }
    // SAFETY: it is a child of this process, and a sleeping thread waits for it.
    unsafe { libc::kill(CHILD.load(Ordering::Relaxed) as i32, libc::SIGKILL) };
    // None has returned, except the wait for that child.
    let back = BACK.lock().unwrap();
    assert!(back.iter().all(|line| line.starts_with("in_wait: Ok")), "{back:?}");
}

/// With `BACKDOOR_SWEEPS=10000` for the figure in docs/limits.md.
pub(crate) fn in_and_out_of_poll() {
    const SWEEPS: usize = 100;
    static FAILED: AtomicUsize = AtomicUsize::new(0);
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let sweeps = env::var("BACKDOOR_SWEEPS").map_or(SWEEPS, |sweeps| sweeps.parse().unwrap());
    for _ in 0..4 {
        spawn("in-and-out", || {
            loop {
                // SAFETY: nothing is polled.
                let result = unsafe { libc::poll(ptr::null_mut(), 0, 1) };
                CALLS.fetch_add(1, Ordering::Relaxed);
                FAILED.fetch_add((result != 0).into(), Ordering::Relaxed);
            }
        });
    }
    look_until("in-and-out", |thread| is_on(thread, "in_and_out_of_poll"));
    let (mut asked, mut read, mut missing) = (0, 0, 0);
    for _ in 0..sweeps {
        let sweep = stacks().unwrap();
        for thread in sweep.threads.iter().filter(|thread| thread.name == "in-and-out") {
            asked += usize::from(thread.held.is_some());
            read += usize::from(thread.held.is_none() && thread.missing.is_none());
            missing += usize::from(thread.missing.is_some());
        }
    }
    let (failed, calls) = (FAILED.load(Ordering::Relaxed), CALLS.load(Ordering::Relaxed));
    println!(
        "{sweeps} sweeps over 4 threads that go in and out of poll: {read} stacks read, {asked} asked for by signal, {missing} missing; \
         {failed} of {calls} calls failed with EINTR"
    );
    // Only an interrupted thread can be affected; one may have been interrupted and answered too late.
    assert!(failed <= asked + missing, "{failed} of {asked} and {missing}");
    assert!(read > 0);
}

pub(crate) fn a_profile() {
    static GOES_ON: AtomicBool = AtomicBool::new(true);
    for (name, call) in KINDS {
        spawn(&name[..name.len().min(15)], call);
    }
    spawn("burns", || {
        while GOES_ON.load(Ordering::Relaxed) {
            black_box(0);
        }
    });
    for (name, _) in KINDS {
        look_until(&name[..name.len().min(15)], |thread| thread.state == "sleeping" && is_on(thread, name));
    }
    BACK.lock().unwrap().clear();
    let mut samples = 0;
    while samples == 0 {
        let recording = profile::begin(1000, Duration::from_millis(500), "a test").unwrap();
        assert!(recording.wait(crate::PATIENCE));
        let profile = recording.end().unwrap();
        assert!(
            profile.threads.iter().all(|share| !share.thread.starts_with("in_")),
            "{:?}",
            profile.threads
        );
        samples += profile.threads.iter().filter(|share| share.thread == "burns").count();
    }
    GOES_ON.store(false, Ordering::Relaxed);
    // SAFETY: as above.
    unsafe { libc::kill(CHILD.load(Ordering::Relaxed) as i32, libc::SIGKILL) };
    let back = BACK.lock().unwrap();
    assert!(back.iter().all(|line| line.starts_with("in_wait: Ok")), "{back:?}");
}
