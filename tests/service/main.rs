//! A service that the tests start as a process in which the kernel refuses something. It reports its progress on standard output, logs on
//! standard error, and ends with its standard input.
//!
//! Its first word tells where `start_or_warn` is called: on tokio's `multi` or `current` runtime, or on `none`.

use std::fs::File;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::atomic::AtomicU32;
use std::sync::{Mutex, PoisonError};
use std::{env, thread};

use backdoor_runtime::{Backdoor, Choice, backdoor_command, backdoor_var, sync, tasks};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Jobs in one batch
#[backdoor_var(settable, trend)]
static BATCH: AtomicU32 = AtomicU32::new(7);

static LOCK: sync::Mutex<u32> = sync::Mutex::new(0);

static OPEN: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// Needs a thread of the console's
#[backdoor_command(name = "service work", reads)]
fn work() -> &'static str {
    "worked"
}

/// Needs a thread of its own
#[backdoor_command(name = "service view", reads, on = helper)]
fn view() -> &'static str {
    "viewed"
}

/// Opens as many files as it may, at most so many, and says why there are no more
#[backdoor_command(name = "service open")]
fn open(at_most: usize) -> String {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    while open.len() < at_most {
        match File::open("/proc/self/exe") {
            Ok(file) => open.push(file),
            Err(error) => return error.to_string(),
        }
    }
    "no error".to_owned()
}

/// Limits the process to what it has now, or to less
#[backdoor_command(name = "service limit", on = console)]
fn limit(what: What, limit: u64) -> io::Result<()> {
    let resource = match what {
        What::Threads => Resource::Nproc,
        What::FileSize => Resource::Fsize,
        What::AddressSpace => Resource::As,
    };
    Ok(setrlimit(resource, Rlimit { current: Some(limit), maximum: getrlimit(resource).maximum })?)
}

/// What can be limited
#[derive(Choice, Clone, Copy, Debug)]
enum What {
    Threads,
    FileSize,
    AddressSpace,
}

/// Computes, on a thread of its own, until the service ends
#[backdoor_command(name = "service burn")]
fn burn() {
    thread::spawn(|| {
        loop {
            std::hint::spin_loop();
        }
    });
}

/// Closes them
#[backdoor_command(name = "service close")]
fn close() {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

fn main() -> ExitCode {
    let runtime = match env::args().nth(1).as_deref() {
        Some("none") => return live(),
        Some("current") => tokio::runtime::Builder::new_current_thread().enable_all().build(),
        _ => tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build(),
    };
    match runtime {
        Ok(runtime) => runtime.block_on(async {
            drop(tasks::spawn_named("forever", std::future::pending::<()>()));
            live()
        }),
        Err(_) => ExitCode::FAILURE,
    }
}

fn live() -> ExitCode {
    tracing_subscriber::fmt().without_time().with_ansi(false).with_writer(io::stderr).init();
    drop(thread::Builder::new().name("a thread".to_owned()).spawn(thread::park));
    say("begun");
    let mut builder = Backdoor::builder("test").listen("0");
    if let Some(path) = env::var_os("BACKDOOR_TEST_SOCKET") {
        builder = builder.listen(format!("unix:{}", path.display()));
    }
    if let Some(steps) = env::var("BACKDOOR_TEST_NICE").ok().and_then(|steps| steps.parse().ok()) {
        builder = builder.nice(steps);
    }
    let held = LOCK.lock();
    let console = builder.start_or_warn();
    match console.addresses().first() {
        Some(address) => say(&format!("console {address}")),
        None => say("no console"),
    }
    let _ = io::stdin().lock().read_line(&mut String::new());
    drop((console, held));
    say("ended");
    ExitCode::SUCCESS
}

/// Standard output may be closed, which is no reason to end.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}
