//! Costs for the service that a review found: each stays within its limit.

use std::time::Duration;

use backdoor_runtime::{Backdoor, PrintError, Session, Status, backdoor_command};

use crate::client::script;
use crate::gate::gate;
use crate::operator::{Operator, console};
use crate::wait::until;

const LARGE: usize = 32 << 20;

#[backdoor_command(name = "host large", reads)]
fn large() -> String {
    "0123456789abcde\n".repeat(LARGE / 16)
}

#[backdoor_command(name = "host large-async", reads)]
async fn large_async() -> String {
    large()
}

#[backdoor_command(name = "host long-error")]
fn long_error() -> Result<(), String> {
    Err("x".repeat(LARGE))
}

#[backdoor_command(name = "host heavy-rows", reads)]
fn heavy_rows() -> impl Iterator<Item = [(&'static str, String); 1]> {
    std::iter::repeat_with(|| [("row", "y".repeat(1 << 20))]).take(32)
}

#[backdoor_command(name = "host waits")]
fn waits() -> &'static str {
    "waited for"
}

fn hangs() -> u32 {
    gate("host default").block();
    7
}

#[backdoor_command(name = "host hanging-default")]
fn hanging_default(#[arg(long, default = hangs())] number: u32) -> u32 {
    number
}

#[backdoor_command(name = "host view", reads, on = helper)]
fn view() -> &'static str {
    "seen"
}

#[backdoor_command(name = "host flood", reads, timeout = "none")]
fn flood(session: Session) -> Result<(), PrintError> {
    loop {
        session.blocking_println("z".repeat(1000))?;
    }
}

#[backdoor_command(name = "host keep")]
fn keep(session: Session) {
    std::thread::spawn(move || {
        gate("host keep").block();
        drop(session);
    });
}

#[backdoor_command(name = "host hog")]
fn hog() {
    gate("host hog").block();
}

#[backdoor_command(name = "host late", timeout = "300ms")]
fn late() {}

#[test]
fn a_large_reply_costs_its_size_and_not_its_square() {
    for line in ["host large", "host large-async"] {
        assert_eq!(Backdoor::testing().max_answer(LARGE).run(line).text.len(), LARGE, "{line}");
    }
    let backdoor = console().max_answer(2 * LARGE).start().unwrap();
    assert_eq!(script(&backdoor.addresses()[0], "host large\n").len(), LARGE);
    assert_eq!(script(&backdoor.addresses()[0], "host heavy-rows --json\n").matches("row").count(), 32);
}

#[test]
fn a_long_error_is_cut_and_says_so() {
    let answer = Backdoor::testing().run("host long-error");
    assert_eq!(answer.status, Status::Failed);
    assert!(answer.text.len() < 10_000 && answer.text.ends_with(" bytes more)\n"), "{}", answer.text.len());
}

#[test]
fn the_longest_times_do_not_overflow() {
    let answer = Backdoor::testing().command_timeout(Duration::MAX).run("host waits");
    assert_eq!(answer.text, "waited for\n");
    let builder = console().command_timeout(Duration::MAX).write_stall(Duration::MAX);
    let backdoor = builder.detect_timeout(Duration::MAX).script_idle(Duration::MAX).start().unwrap();
    assert_eq!(script(&backdoor.addresses()[0], "host waits\n"), "waited for\n");
}

#[test]
fn a_hanging_default_delays_no_view() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    assert!(operator.asks("help host hanging-default").contains("host hanging-default"));
    assert_eq!(operator.asks("host view"), "seen\n");
    gate("host default").open();
}

#[test]
fn a_command_blocked_on_output_is_interrupted_at_once() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    operator.types("host flood");
    operator.expects("zzz");
    // Nothing is read meanwhile, so that all buffers fill.
    let mut other = Operator::new(&backdoor);
    (0..50).for_each(|_| assert_eq!(other.asks("host waits"), "waited for\n"));
    operator.interrupts();
    let answer = operator.reads_answer();
    assert!(answer.ends_with("interrupted\n"), "{}", &answer[answer.len().saturating_sub(200)..]);
}

#[test]
fn who_omits_peers_that_have_disconnected() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let mut other = Operator::new(&backdoor);
    other.asks("host keep");
    assert_eq!(operator.asks("who").lines().count(), 3);
    other.asks("version");
    other.types("quit");
    other.expects("goodbye");
    other.0.read_to_end();
    drop(other);
    until("one session", || operator.asks("who"), |who| who.lines().count() == 2);
    gate("host keep").open();
}

#[test]
fn a_command_without_a_thread_reports_that_it_did_not_run() {
    let backdoor = console().command_threads(1).start().unwrap();
    let mut hog = Operator::new(&backdoor);
    hog.types("host hog");
    gate("host hog").wait_for_visitors(1);
    let mut operator = Operator::new(&backdoor);
    let answer = operator.asks("host late");
    assert!(answer.ends_with("`host late` was not run: no thread was free for 300ms\n"), "{answer}");
    gate("host hog").open();
}
