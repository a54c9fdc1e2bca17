//! The end of a console delays no one, and leaves the service as before.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::gate::{OpensOnDrop, gate};
use crate::log::Log;
use crate::wait::{PATIENCE, returns};
use crate::wire::{builder, open};

const GOODBYE: &str = "test ends this session; goodbye\r\n";

/// The caller's only thread continues while the console ends, although a command hangs and a peer does not read.
#[tokio::test]
async fn a_shutdown_blocks_no_thread() {
    let console = builder().listen("0").start().unwrap();
    let mut stuck = Client::prompted(&console.addresses()[0]);
    stuck.send("wire stuck shutdown\r\n");
    stuck.expect("waiting\r\n");
    let mut deaf = Client::prompted(&console.addresses()[0]);
    deaf.send("wire flood 1000000\r\n");
    deaf.expect("00000");
    let begin = Instant::now();
    let mut turns = 0;
    let mut shutdown = std::pin::pin!(console.shutdown());
    while tokio::time::timeout(Duration::from_millis(1), &mut shutdown).await.is_err() {
        turns += 1;
    }
    assert!(turns > 10, "the thread had {turns} turns in {:?}", begin.elapsed());
    let left = "the console is shutting down; the command keeps running\r\n";
    assert_eq!(String::from_utf8(stuck.read_to_end()).unwrap(), format!("{left}{GOODBYE}"));
    open("shutdown");
}

/// The wait for a slow subscriber blocked the thread that awaited the shutdown.
#[tokio::test]
async fn regression_a_shutdown_waits_for_the_log_and_blocks_nobody() {
    static WRITTEN: AtomicUsize = AtomicUsize::new(0);
    struct Slow;
    impl std::io::Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let is_of_command = String::from_utf8_lossy(bytes).contains("wire echo");
            if std::thread::current().name() == Some("backdoor-log") && is_of_command {
                gate("slow subscriber").block();
                WRITTEN.fetch_add(1, Ordering::Relaxed);
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let _released = OpensOnDrop(gate("slow subscriber"));
    // With it, tracing keeps callsites enabled while subscribers of other tests come and go.
    drop(Log::record());
    let subscriber = tracing_subscriber::fmt().with_writer(|| Slow).finish();
    let console = tracing::subscriber::with_default(subscriber, || builder().listen("0").start().unwrap());
    crate::client::script(&console.addresses()[0], "wire echo a\n");
    gate("slow subscriber").wait_for_visitors(1);
    let opens = async {
        // A thread that is blocked until the end of the log's time limit reaches this too late.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        gate("slow subscriber").open();
    };
    tokio::join!(console.shutdown(), opens);
    assert_eq!(WRITTEN.load(Ordering::Relaxed), 2, "the beginning and the end of the command");
}

#[test]
fn a_drop_sends_what_is_rendered_and_waits_for_no_command() {
    let console = builder().listen("0").start().unwrap();
    let address = &console.addresses()[0];
    let mut done = Client::prompted(address);
    assert_eq!(done.ask("wire echo a"), "a\r\n");
    let mut stuck = Client::prompted(address);
    stuck.send("wire stuck dropped\r\n");
    stuck.expect("waiting\r\n");
    returns("the drop", || console.drop_within(PATIENCE));
    assert_eq!(String::from_utf8(done.read_to_end()).unwrap(), format!("\r\n{GOODBYE}"));
    assert!(String::from_utf8(stuck.read_to_end()).unwrap().ends_with(GOODBYE));
    open("dropped");
}

/// The caught, ignored and blocked signals, the last of this thread: another thread may be about to start one, with all signals blocked.
fn signals() -> Vec<String> {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let is_disposition = |line: &&str| ["SigCgt", "SigIgn", "SigBlk"].contains(&&line[..line.len().min(6)]);
    status.lines().filter(is_disposition).map(str::to_owned).collect()
}

/// In a process of its own: signals and the hook belong to the whole process.
#[test]
fn signals_and_the_panic_hook_stay_the_services() {
    const CHILD: &str = "BACKDOOR_TEST_SIGNALS";
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    if std::env::var_os(CHILD).is_some() {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, Ordering::Relaxed);
            usual(panic);
        }));
        let before = signals();
        let panics = || {
            let count = PANICS.load(Ordering::Relaxed);
            let _ = std::panic::catch_unwind(|| panic!("as it should"));
            PANICS.load(Ordering::Relaxed) - count
        };
        assert_eq!(before.len(), 3, "{before:?}");
        let console = builder().listen("0").start().unwrap();
        let mut client = Client::prompted(&console.addresses()[0]);
        client.ask("wire echo a");
        client.ask("ends panic");
        assert_eq!(PANICS.load(Ordering::Relaxed), 1, "the command's own");
        assert_eq!((signals(), panics()), (before.clone(), 1), "while it runs");
        drop(console);
        assert_eq!((signals(), panics()), (before, 1), "afterwards");
        return;
    }
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["reception::ends::signals_and_the_panic_hook_stay_the_services", "--exact"])
        .env(CHILD, "")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&ended.stdout);
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && stdout.contains("1 passed"), "{stdout}{stderr}");
}
