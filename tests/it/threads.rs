//! `threads` and `pnt`, as an operator sees them: the place of each thread, in any state.

#[allow(unsafe_code, reason = "no safe function blocks signals")]
pub(crate) mod deaf;
mod first_look;
#[allow(unsafe_code, reason = "limits and a debugger, which nothing safe gives")]
mod refused;
mod stripped;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use backdoor_runtime::threads::{StackError, ThreadStack, stacks};
use backdoor_runtime::{Address, Backdoor, Value};
use tokio::runtime::Builder;

use crate::client::script;
use crate::example::{Example, program};
use crate::gate::{Gate, OpensOnDrop, gate};
use crate::operator::{Operator, console};
use crate::transcript::without_numbers;
use crate::wait::{PATIENCE, until};

/// A named thread that runs until the gate opens.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().name(name.to_owned()).spawn(work).unwrap();
}

/// The answer to `pnt` when it satisfies the condition: a new thread needs a moment to reach its place.
#[track_caller]
fn pnt(operator: &mut Operator, line: &str, is_there: impl Fn(&str) -> bool) -> String {
    until(line, || operator.asks(line), |answer| is_there(answer))
}

/// Masks the parts that differ between runs and between machines.
fn masked(answer: &str) -> String {
    let mut text = without_numbers(answer);
    for (channel, name) in [("futex_do_wait", "CHANNEL"), ("futex_wait_queue", "CHANNEL")] {
        text = text.replace(channel, name);
    }
    text
}

#[inline(never)]
fn lock_first_then_second(first: &Mutex<u32>, second: &Mutex<u32>, locked: &Gate) -> u32 {
    let held = first.lock().unwrap();
    locked.visit();
    locked.wait_for_visitors(2);
    let sum = *held + *second.lock().unwrap();
    drop(held);
    sum
}

#[test]
fn deadlocked_threads_show_their_std_mutexes() {
    static ONE: Mutex<u32> = Mutex::new(1);
    static TWO: Mutex<u32> = Mutex::new(2);
    let locked = gate("threads deadlock");
    // They never end, like all deadlocked threads.
    spawn("dead-one", move || _ = lock_first_then_second(&ONE, &TWO, locked));
    spawn("dead-two", move || _ = lock_first_then_second(&TWO, &ONE, locked));
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let there = |answer: &str| answer.matches("::lock  (").count() == 2;
    let answer = masked(&pnt(&mut operator, "pnt dead-", there));
    // Another test may have a thread that cannot be read at the moment.
    let answer: String = answer.split_inclusive('\n').filter(|line| !line.contains(" no stack: ")).collect();
    let one = "\
dead-one (N): sleeping in futex (CHANNEL)
std::sync::poison::mutex::Mutex<T>::lock (N inside, down to syscall)
it::threads::lock_first_then_second tests/it/threads.rs:N
it::threads::deadlocked_threads_show_their_std_mutexes::{{closure}} tests/it/threads.rs:N
";
    let two = one.replace("dead-one", "dead-two");
    let end = "N of N threads in TIME; the longest interruption was TIME\n";
    // The first one that was started comes first, sorted by id.
    assert!(answer == format!("{one}{two}{end}") || answer == format!("{two}{one}{end}"), "{answer}");
}

#[inline(never)]
fn spin_for_ever(gate: &Gate, end: &AtomicBool) {
    gate.visit();
    let mut number = 0_u64;
    while !end.load(Ordering::Relaxed) {
        number = std::hint::black_box(number.wrapping_mul(3));
    }
}

struct Stops(&'static AtomicBool);

impl Drop for Stops {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_thread_that_spins_is_the_busiest() {
    static END: AtomicBool = AtomicBool::new(false);
    let _stops = Stops(&END);
    let gate = gate("threads spin");
    spawn("spinner", || spin_for_ever(gate, &END));
    gate.wait_for_visitors(1);
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let answer = pnt(&mut operator, "pnt spinner", |answer| answer.contains("spin_for_ever"));
    assert!(answer.contains("): running\n"), "{answer}");
    assert!(answer.contains("it::threads::spin_for_ever  tests/it/threads.rs:"), "{answer}");
    // Other tests may have busy threads, too.
    let busy = pnt(&mut operator, "threads --top 30 --for 300ms", |answer| answer.contains("spin_for_ever"));
    let row = busy.lines().find(|line| line.starts_with("spinner ")).unwrap();
    let columns: Vec<&str> = row.split_whitespace().collect();
    assert!(columns[3].parse::<f64>().unwrap() > 0.0, "{row}");
}

#[test]
fn a_sleeping_thread_with_blocked_signals_has_a_stack() {
    let gate = gate("threads blocked");
    let _opens = OpensOnDrop(gate);
    spawn("deaf", || {
        deaf::block_all_signals();
        gate.block();
    });
    gate.wait_for_visitors(1);
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let answer = pnt(&mut operator, "pnt deaf", |answer| answer.contains("sleeping"));
    assert!(answer.contains("it::gate::Gate::block"), "{answer}");
    // Repeated readings queue no signal for it.
    let status = std::fs::read_to_string(format!("/proc/self/task/{}/status", tid_of("deaf"))).unwrap();
    assert!(status.contains("SigPnd:\t0000000000000000\n"), "{status}");
}

#[test]
fn a_running_thread_with_blocked_signals_has_a_reason() {
    static END: AtomicBool = AtomicBool::new(false);
    let _stops = Stops(&END);
    let gate = gate("threads deaf and busy");
    spawn("deaf-spinner", || {
        deaf::block_all_signals();
        spin_for_ever(gate, &END);
    });
    gate.wait_for_visitors(1);
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let why = "\n    no stack: it runs and blocks the signal that reads stacks\n";
    pnt(&mut operator, "pnt deaf-spinner", |answer| answer.contains(why));
    let status =
        std::fs::read_to_string(format!("/proc/self/task/{}/status", tid_of("deaf-spinner"))).unwrap();
    assert!(status.contains("SigPnd:\t0000000000000000\n"), "{status}");
}

fn tid_of(name: &str) -> i32 {
    stacks().unwrap().threads.iter().find(|thread| thread.name == name).unwrap().tid
}

#[test]
fn a_hundred_threads_at_one_place_are_one_group() {
    let gate = gate("threads crowd");
    let _opens = OpensOnDrop(gate);
    for number in 0..100 {
        spawn(&format!("crowd-{number}"), || gate.block());
    }
    gate.wait_for_visitors(100);
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let answer = pnt(&mut operator, "pnt crowd-", |answer| answer.starts_with("100 threads, crowd-"));
    assert!(answer.contains(") and 92 more: sleeping in futex"), "{answer}");
    assert!(answer.contains("it::gate::Gate::block"), "{answer}");
    let groups = Backdoor::testing().run("pnt crowd- --json").value;
    assert!(groups[0]["frames"].as_list().unwrap().len() > 5, "{groups}");
    assert_eq!(groups[0]["state"], "sleeping");
}

#[test]
fn a_pattern_without_matches_has_a_note() {
    let backdoor = console().start().unwrap();
    let answer = Operator::new(&backdoor).asks("pnt no-such-thread-or-function");
    let answer = masked(&answer);
    // Another test may have a thread that cannot be read at the moment.
    assert!(answer.starts_with("none of the N threads has this text in its name"), "{answer}");
}

#[test]
fn full_stacks_go_down_to_the_start_of_the_thread() {
    let gate = gate("threads full");
    let _opens = OpensOnDrop(gate);
    spawn("to-the-end", || gate.block());
    gate.wait_for_visitors(1);
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let full = pnt(&mut operator, "pnt to-the-end --full", |answer| answer.contains("syscall"));
    assert!(full.contains("std::sys::backtrace::__rust_begin_short_backtrace"), "{full}");
    let folded = operator.asks("pnt to-the-end");
    assert!(!folded.contains("__rust_begin_short_backtrace"), "{folded}");
    assert!(folded.lines().count() < full.lines().count() / 2, "{folded}{full}");
}

/// Runtimes of both kinds are blocked; the console shows where.
#[test]
fn blocked_runtimes_show_their_stacks() {
    let blocked = gate("threads runtimes");
    let several = Builder::new_multi_thread().worker_threads(2).thread_name("stuck-worker").build().unwrap();
    // The runtime must be able to end after any result of the test.
    let _opens = OpensOnDrop(blocked);
    for _ in 0..2 {
        several.spawn(async { blocked.block() });
    }
    spawn("stuck-single", || {
        let single = Builder::new_current_thread().build().unwrap();
        single.block_on(async { blocked.block() });
    });
    blocked.wait_for_visitors(3);
    let backdoor = console().runtime(several.handle().clone()).start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let answer = pnt(&mut operator, "pnt stuck-", |answer| answer.matches("gate::Gate::block").count() == 2);
    assert!(answer.contains("2 threads, stuck-worker ("), "{answer}");
    assert!(answer.contains(": tokio worker, sleeping in futex"), "{answer}");
    assert!(answer.contains(": tokio current-thread, sleeping in futex"), "{answer}");
    // The other view shows the roles that the stacks have shown.
    let rows = pnt(&mut operator, "threads --for 1ms", |answer| answer.contains("tokio worker"));
    assert!(rows.lines().next().unwrap().starts_with("name "), "{rows}");
}

#[test]
fn watching_threads_blocks_no_other_view() {
    let backdoor = console().start().unwrap();
    let mut watcher = Operator::new(&backdoor);
    watcher.types("threads --for 4m");
    let mut other = Operator::new(&backdoor);
    assert!(other.asks("pnt").contains(" the longest interruption was "));
    assert!(other.asks("threads --for 1ms").starts_with("name "));
    watcher.interrupts();
    assert_eq!(watcher.reads_end(), "interrupted\n");
}

/// A thread in a system call continues to wait, however often it is read.
#[test]
fn system_calls_of_the_service_are_not_interrupted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    spawn("accepts", move || {
        let mut word = [0; 5];
        let read = listener.accept().and_then(|(mut peer, _)| peer.read_exact(&mut word));
        sender.send(read.map(|()| word)).unwrap();
    });
    let sweep = |times: u32, call: &str| {
        // The thread sets its name after its start.
        let look = || stacks().unwrap().threads.into_iter().find(|thread| thread.name == "accepts");
        let is_in = |thread: &Option<ThreadStack>| {
            thread
                .as_ref()
                .is_some_and(|thread| thread.system_call.as_deref() == Some(call) && thread.missing.is_none())
        };
        for _ in 0..times {
            until(call, look, is_in);
        }
    };
    sweep(20, "accept4");
    let mut peer = TcpStream::connect(address).unwrap();
    sweep(20, "recvfrom");
    peer.write_all(b"hello").unwrap();
    assert_eq!(&receiver.recv_timeout(PATIENCE).unwrap().unwrap(), b"hello");
}

#[test]
fn threads_may_start_end_and_allocate_meanwhile() {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    static END: AtomicBool = AtomicBool::new(false);
    fn allocate(size: usize) -> usize {
        (0..50).map(|round| std::hint::black_box(vec![1_u8; size * (round + 1)]).len()).sum()
    }
    for _ in 0..4 {
        spawn("parent", || {
            while !END.load(Ordering::Relaxed) {
                // Some sizes are mapped and unmapped next to the stacks.
                let children = [7, 300, 5_000].map(|size| {
                    ALIVE.fetch_add(1, Ordering::Relaxed);
                    thread::spawn(move || allocate(size))
                });
                for child in children {
                    child.join().unwrap();
                    ALIVE.fetch_sub(1, Ordering::Relaxed);
                }
            }
        });
    }
    let end = Instant::now() + Duration::from_secs(3);
    let (mut sweeps, mut stacks_seen) = (0, 0);
    while Instant::now() < end || sweeps < 20 {
        let found = stacks().unwrap();
        sweeps += 1;
        stacks_seen += found.threads.iter().filter(|thread| is_parent_with_stack(thread)).count();
    }
    END.store(true, Ordering::Relaxed);
    assert!(stacks_seen > 0, "no stack of a parent in {sweeps} sweeps");
}

fn is_parent_with_stack(thread: &ThreadStack) -> bool {
    let has = |path: &str| {
        thread.frames.iter().any(|frame| frame.function.as_deref().is_some_and(|name| name.contains(path)))
    };
    thread.name == "parent" && has("threads_may_start_end_and_allocate_meanwhile")
}

/// The figure of a process in kB.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn two_hundred_stack_readings_leave_nothing_behind() {
    let mut example = Example::start_with("hello", &[("BACKDOOR_LISTEN", "127.0.0.1:0")]);
    let line = example.line();
    let address = line.rsplit(' ').next().unwrap().parse().map(Address::Tcp).unwrap();
    let look = |times| {
        let answers = script(&address, "pnt\n".repeat(times));
        assert_eq!(answers.matches("hello::main").count(), times, "{}", &answers[..answers.len().min(2000)]);
    };
    look(50);
    let before = resident(example.process.id());
    look(200);
    let after = resident(example.process.id());
    // Readings that kept their copies of stacks would keep 64 KiB a thread, 80 MiB in all; the allocator keeps some for later.
    assert!(after < before + 16 * 1024, "{before} kB, then {after} kB");
}

#[test]
fn a_stripped_program_says_that_it_has_no_line_tables() {
    let stripped = std::env::temp_dir().join(format!("backdoor-stripped-{}", std::process::id()));
    let strip = std::process::Command::new("strip").arg("-o").arg(&stripped).arg(program("hello")).status();
    assert!(strip.unwrap().success());
    let mut example = Example::start_program(&stripped, &[("BACKDOOR_LISTEN", "127.0.0.1:0")]);
    std::fs::remove_file(&stripped).unwrap();
    let line = example.line();
    let answer = script(&line.rsplit(' ').next().unwrap().parse().map(Address::Tcp).unwrap(), "pnt\n");
    let why = "this program has no line tables: build it with `debug = \"line-tables-only\"` in its profile and do not strip it\n";
    assert_eq!(answer.matches(why).count(), 1, "{answer}");
    // Its stacks can still be unwound.
    let name = stripped.file_name().unwrap().to_str().unwrap();
    assert!(answer.matches(&format!("    {name}+0x")).count() > 5, "{answer}");
}

/// The signals that a process has handlers for (proc_pid_status(5)).
fn caught(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(line.trim(), 16).unwrap()
}

#[test]
fn the_signal_handler_is_installed_by_the_first_stack() {
    let mut example = Example::start_with("hello", &[("BACKDOOR_LISTEN", "127.0.0.1:0")]);
    let line = example.line();
    let address = line.rsplit(' ').next().unwrap().parse().map(Address::Tcp).unwrap();
    let pid = example.process.id();
    let before = caught(pid);
    script(&address, "help\nthreads --for 1ms\ntasks\npgt\nlocks\nruntime --for 10ms\n");
    assert_eq!(caught(pid), before);
    script(&address, "pnt\nprofile cpu --for 10ms\npnt\n");
    // Signal N is bit N - 1.
    assert_eq!(caught(pid) & !before, 1 << (libc::SIGURG - 1), "{before:#x}");
}

/// `starved-thread.rs`: a thread with a lower policy that waits for a processor looked idle.
#[test]
fn a_thread_that_waits_for_a_processor_is_seen() {
    let gate = gate("threads starved");
    let _opens = OpensOnDrop(gate);
    let starved = Arc::new(AtomicI32::new(0));
    let allowed = rustix::thread::sched_getaffinity(None).unwrap();
    let mut one = rustix::thread::CpuSet::new();
    one.set((0..1024).find(|cpu| allowed.is_set(*cpu)).unwrap());
    // Two threads on one processor: each waits for the other.
    for _ in 0..2 {
        let starved = starved.clone();
        thread::spawn(move || {
            let own = rustix::thread::gettid();
            rustix::process::setpriority_process(Some(own), 19).unwrap();
            rustix::thread::sched_setaffinity(Some(own), &one).unwrap();
            starved.store(own.as_raw_nonzero().get(), Ordering::Relaxed);
            gate.spin();
        });
    }
    let row = || {
        let Value::List(rows) = Backdoor::testing().run("threads --for 300ms").value else { unreachable!() };
        rows.into_iter().find(|row| row["tid"] == starved.load(Ordering::Relaxed))
    };
    let waits = |row: &Option<Value>| {
        row.as_ref().is_some_and(|row| row["cpu_wait_percent"].as_f64().is_some_and(|wait| wait > 10.0))
    };
    until("a thread that waits for its processor", row, waits);
    assert_eq!(row().unwrap()["scheduling"], "nice 19");
}

/// A terminal of 80 columns shows the important columns of each thread.
#[test]
fn threads_in_a_narrow_terminal() {
    let wide = Backdoor::testing().run("threads --for 1ms").text;
    let columns = |text: &str| text.lines().next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    let all = "name tid state cpu_percent cpu_wait_percent wait_channel system_call voluntary forced scheduling role task";
    assert_eq!(columns(&wide), all);
    let narrow = Backdoor::testing().width(80).run("threads --for 1ms").text;
    assert_eq!(columns(&narrow), "name tid state cpu_percent cpu_wait in task");
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
}

#[test]
fn an_unusable_signal_is_reported() {
    let said = |error: StackError| error.to_string();
    assert_eq!(
        said(StackError::NotRealTime(9, 34, 64)),
        "signal 9 cannot read stacks: use a real-time signal, 34 to 64"
    );
    assert_eq!(
        said(StackError::InUse(40)),
        "signal 40 is in use by the service; choose another with `Builder::stack_signal`"
    );
}
