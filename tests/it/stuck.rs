//! The console answers when the service is stuck.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use backdoor_runtime::{Backdoor, Session, backdoor_command};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Notify;

use crate::gate::{OpensOnDrop, gate};
use crate::operator::{Operator, console};

/// Needs no runtime
#[backdoor_command(name = "stuck sync", reads)]
fn sync() -> &'static str {
    "a thread of its own"
}

/// Runs where the service runs
#[backdoor_command(name = "stuck async", reads)]
async fn asynchronous() -> String {
    tokio::time::sleep(Duration::from_millis(1)).await;
    format!("on {}", thread_name())
}

/// Blocks its thread until the test lets it go
#[backdoor_command(name = "stuck block")]
fn block(gate_name: String) {
    gate(&gate_name).block();
}

/// Uses the runtime from a thread
#[backdoor_command(name = "stuck uses-runtime")]
fn uses_runtime() -> Result<String, tokio::task::JoinError> {
    let spawned = tokio::spawn(async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        talk_to_oneself().await;
        thread_name()
    });
    Handle::current().block_on(spawned)
}

/// Uses the runtime it runs on
#[backdoor_command(name = "stuck uses-runtime-async")]
async fn uses_runtime_async() -> Result<String, tokio::task::JoinError> {
    talk_to_oneself().await;
    tokio::spawn(async { thread_name() }).await
}

/// Prints from a thread that belongs to a runtime
#[backdoor_command(name = "stuck print-on-worker")]
async fn print_on_worker(session: Session) -> String {
    match session.blocking_print("never") {
        Ok(()) => "printed".to_owned(),
        Err(error) => error.to_string(),
    }
}

async fn talk_to_oneself() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (accepted, connected) = tokio::join!(listener.accept(), TcpStream::connect(address));
    drop((accepted.unwrap(), connected.unwrap()));
}

fn thread_name() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

struct BlocksInDrop(String);

impl Drop for BlocksInDrop {
    fn drop(&mut self) {
        gate(&self.0).block();
    }
}

/// Ends late when it is told to
#[backdoor_command(name = "stuck dropped")]
async fn dropped(gate_name: String) {
    let blocks = BlocksInDrop(gate_name);
    gate(&blocks.0).visit();
    std::future::pending::<()>().await;
}

static WOKEN: Notify = Notify::const_new();

/// Waits for the test
#[backdoor_command(name = "stuck woken", timeout = "6s")]
async fn woken(gate_name: String) {
    gate(&gate_name).visit();
    WOKEN.notified().await;
}

fn two_workers() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).thread_name("worker").enable_all().build().unwrap()
}

/// Commands that need nothing of the service are answered; commands that need its runtime report that they are not polled and can be
/// cancelled.
#[track_caller]
fn check_answers(backdoor: &Backdoor) {
    let mut operator = Operator::new(backdoor);
    assert!(operator.asks("help").contains("stuck sync"));
    assert!(operator.asks("version").contains("service"));
    assert_eq!(operator.asks("stuck sync"), "a thread of its own\n");
    operator.types("stuck async");
    operator.expects("the service's runtime has not polled `stuck async` for a second; its workers may be blocked. Ctrl-C cancels\r\n");
    operator.interrupts();
    assert_eq!(operator.reads_end(), "interrupted\n");
    assert_eq!(operator.asks("stuck sync"), "a thread of its own\n");
}

#[test]
fn every_worker_spins() {
    let runtime = two_workers();
    let spin = gate("every_worker_spins");
    for _ in 0..2 {
        runtime.spawn(async { spin.spin() });
    }
    // The runtime must be able to end after any result of the test.
    let _released = OpensOnDrop(spin);
    spin.wait_for_visitors(2);
    check_answers(&console().runtime(runtime.handle().clone()).start().unwrap());
}

#[test]
fn every_worker_is_blocked_on_a_mutex() {
    static MUTEX: Mutex<()> = Mutex::new(());
    let runtime = two_workers();
    let blocked = gate("every_worker_is_blocked_on_a_mutex");
    let guard = MUTEX.lock().unwrap();
    for _ in 0..2 {
        runtime.spawn(async {
            blocked.visit();
            drop(MUTEX.lock());
        });
    }
    blocked.wait_for_visitors(2);
    check_answers(&console().runtime(runtime.handle().clone()).start().unwrap());
    drop(guard);
}

/// Only the first poll was watched: the only message was that of the time limit.
#[test]
fn regression_a_stalled_runtime_is_reported_during_a_command() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let backdoor = console().runtime(runtime.handle().clone()).start().unwrap();
    let mut operator = Operator::new(&backdoor);
    for is_left in [true, false] {
        let (reached, spin) = (format!("woken {is_left}"), gate(if is_left { "spin left" } else { "spin" }));
        operator.types(&format!("stuck woken '{reached}'"));
        gate(&reached).wait_for_visitors(1);
        // The only worker runs this while the command waits.
        runtime.spawn(async { spin.spin() });
        let _released = OpensOnDrop(spin);
        spin.wait_for_visitors(1);
        WOKEN.notify_waiters();
        operator.expects(
            "the service's runtime has not polled `stuck woken` for 1s, though it was woken; its workers may be blocked. Ctrl-C cancels\r\n",
        );
        let start = if is_left {
            operator.interrupts();
            "interrupted; the service's runtime has not polled `stuck woken` for "
        } else {
            "`stuck woken` did not end within 6s and was cancelled; the service's runtime has not polled it for "
        };
        let said = operator.reads_end();
        assert!(said.starts_with(start), "{said}");
        assert!(said.ends_with("s, and it is marked stuck\n"), "{said}");
        spin.open();
    }
}

/// The runtime has started it by then, and is not the cause.
#[test]
fn a_command_that_blocks_in_drop_is_still_listed() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let blocked = gate("stuck dropped");
    let _released = OpensOnDrop(blocked);
    operator.types("stuck dropped 'stuck dropped'");
    blocked.wait_for_visitors(1);
    operator.interrupts();
    blocked.wait_for_visitors(2);
    assert_eq!(
        operator.reads_end(),
        "interrupted; `stuck dropped` still runs a second later and is marked stuck\n"
    );
}

#[test]
fn a_current_thread_main_is_blocked() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let backdoor = console().start().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| check_answers(&backdoor)).join().unwrap();
        });
    });
}

#[test]
fn the_blocking_pool_is_full() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(1)
        .thread_name("worker")
        .enable_all()
        .build()
        .unwrap();
    let full = gate("the_blocking_pool_is_full");
    let _released = OpensOnDrop(full);
    runtime.spawn_blocking(|| full.block());
    full.wait_for_visitors(1);
    let backdoor = console().runtime(runtime.handle().clone()).start().unwrap();
    let mut operator = Operator::new(&backdoor);
    assert!(operator.asks("help").contains("stuck sync"));
    assert_eq!(operator.asks("stuck sync"), "a thread of its own\n");
    assert_eq!(operator.asks("stuck async"), "on worker\n");
}

#[test]
fn an_operator_is_told_what_occupies_the_threads() {
    let backdoor = console().command_threads(1).start().unwrap();
    let mut first = Operator::new(&backdoor);
    first.types("stuck block who_waits");
    gate("who_waits").wait_for_visitors(1);
    let mut second = Operator::new(&backdoor);
    second.types("stuck sync");
    second.expects(
        "`stuck sync` waits for a thread; all are occupied by `stuck block` (session 1, run 1) for ",
    );
    second.expects(" s. `running` lists them, Ctrl-C cancels\r\n");
    let mut third = Operator::new(&backdoor);
    assert!(third.asks("help").contains("stuck sync"));
    assert!(third.asks("who").contains("stuck block who_waits"));
    third.types("stuck sync");
    third.expects("waits for a thread");
    third.expects("Ctrl-C cancels\r\n");
    third.interrupts();
    assert_eq!(third.reads_end(), "interrupted\n");
    gate("who_waits").open();
    assert_eq!(second.reads_answer(), "a thread of its own\n");
    assert_eq!(first.reads_answer(), "");
    assert_eq!(third.asks("stuck sync"), "a thread of its own\n");
}

#[test]
fn an_ended_runtime_is_reported() {
    let runtime = two_workers();
    let backdoor = console().runtime(runtime.handle().clone()).start().unwrap();
    runtime.shutdown_background();
    let mut operator = Operator::new(&backdoor);
    assert_eq!(
        operator.asks("stuck async"),
        "error: `stuck async` was dropped before it finished: its runtime has ended\n"
    );
    assert_eq!(operator.asks("stuck sync"), "a thread of its own\n");
}

#[test]
fn asynchronous_commands_run_without_a_service_runtime() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    assert_eq!(operator.asks("stuck async"), "on backdoor-async\n");
    assert_eq!(operator.asks("stuck uses-runtime-async"), "backdoor-async\n");
}

#[test]
fn spawn_timers_and_io_work_on_the_services_runtime() {
    let runtime = two_workers();
    let _entered = runtime.enter();
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    for line in ["stuck uses-runtime", "stuck uses-runtime-async"] {
        assert_eq!(operator.asks(line), "worker\n", "{line}");
    }
    assert_eq!(operator.asks("stuck async"), "on worker\n");
}

#[test]
fn blocking_print_refuses_inside_a_worker() {
    let runtime = two_workers();
    let backdoor = console().runtime(runtime.handle().clone()).start().unwrap();
    assert_eq!(
        Operator::new(&backdoor).asks("stuck print-on-worker"),
        "blocking_print was called on a worker of a runtime; use `print(..).await` there\n"
    );
}
