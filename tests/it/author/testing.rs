//! `Backdoor::testing()` acts as a console: a runtime to enter, a peer with a uid, an end for endless commands.

use std::time::Duration;

use backdoor_runtime::{
    Answer, Backdoor, Caller, FromCaller, Guard, Session, Status, Testing, backdoor_command,
};
use futures_util::Stream;
use futures_util::stream::unfold;
use rustix::process::geteuid;
use tokio::runtime::Handle;
use tokio::time::interval;

use crate::wait::{PATIENCE, until};

/// Ticks of a timer, made by a synchronous command
#[backdoor_command(name = "author ticks", reads, timeout = "none")]
fn ticks() -> impl Stream<Item = u32> {
    let ticks = interval(Duration::from_millis(1));
    unfold((ticks, 0), |(mut ticks, number)| async move {
        ticks.tick().await;
        Some((number, (ticks, number + 1)))
    })
}

#[backdoor_command(name = "author spawn")]
fn spawn() -> String {
    drop(backdoor_runtime::spawn_named("author", async {}));
    format!("{:?}", Handle::current().runtime_flavor())
}

#[backdoor_command(name = "author runtime", reads)]
async fn runtime() -> String {
    Handle::current().id().to_string()
}

#[backdoor_command(name = "author runtime-sync", reads)]
fn runtime_sync() -> String {
    Handle::current().id().to_string()
}

#[backdoor_command(name = "author forever", reads, timeout = "none")]
async fn forever(session: Session) {
    session.println("waits").await.unwrap();
    session.cancelled().await;
    std::future::pending::<()>().await;
}

#[backdoor_command(name = "author rows", reads, timeout = "none")]
fn rows() -> impl Iterator<Item = u32> {
    (1..).inspect(|_| std::thread::sleep(Duration::from_millis(1)))
}

#[backdoor_command(name = "author short", reads)]
fn short() -> u8 {
    3
}

struct FromUnixSocket(u32);

impl FromCaller for FromUnixSocket {
    type Refusal = &'static str;

    fn from_caller(caller: &Caller<'_>) -> Result<Self, Self::Refusal> {
        caller.session().peer_uid().map(Self).ok_or("only from the unix socket")
    }
}

#[backdoor_command(name = "author guarded", reads)]
fn guarded(Guard(peer): Guard<FromUnixSocket>) -> u32 {
    peer.0
}

#[backdoor_command(name = "author drop", dangerous)]
fn dangerous() -> u8 {
    1
}

fn items(answer: &Answer) -> usize {
    answer.value.as_list().map_or(0, <[_]>::len)
}

/// Runs a line and interrupts it, with more time if it has not reached this text.
#[track_caller]
fn run_until(console: &Testing, line: &str, has_come: impl Fn(&Answer) -> bool) -> Answer {
    let mut time = Duration::from_millis(50);
    let run = || {
        time = PATIENCE.min(2 * time);
        console.run_for(line, time)
    };
    until(line, run, has_come)
}

#[track_caller]
fn run_for_items(console: &Testing, line: &str, count: usize) -> Answer {
    run_until(console, line, |answer| items(answer) >= count)
}

/// "there is no reactor running" (newcomer 1.2 a).
#[test]
fn a_synchronous_command_has_a_runtime_to_enter() {
    let console = Backdoor::testing();
    let answer = console.run("author spawn");
    assert_eq!((answer.status, answer.error), (Status::Done, None));
    let answer = run_for_items(&console, "author ticks", 1);
    assert_eq!((answer.status, answer.value[0].clone()), (Status::Cancelled, 0.into()));
    assert_eq!(console.run("author runtime").text, console.run("author runtime-sync").text);
}

#[test]
fn a_service_without_a_runtime_has_one_for_synchronous_commands() {
    let backdoor = Backdoor::builder("bare").listen("127.0.0.1:0").start().unwrap();
    let answer = crate::client::script(
        &backdoor.addresses()[0],
        "author spawn\nauthor runtime\nauthor runtime-sync\n",
    );
    let lines: Vec<&str> = answer.lines().collect();
    assert_eq!(lines[0], "CurrentThread", "{answer}");
    assert_eq!(lines[1], lines[2], "{answer}");
}

#[tokio::test]
async fn run_async_has_the_runtime_that_it_is_called_on() {
    let console = Backdoor::testing();
    let here = format!("{}\n", Handle::current().id());
    assert_ne!(console.run("author short").text, "");
    assert_eq!(console.run_async("author runtime").await.text, here);
    assert_eq!(console.run_async("author runtime-sync").await.text, here);
    let mut time = Duration::from_millis(100);
    let answer = loop {
        let answer = console.run_async_for("author ticks", time).await;
        if items(&answer) > 0 {
            break answer;
        }
        time *= 2;
        assert!(time < PATIENCE, "{answer:?}");
    };
    assert_eq!((answer.status, answer.value[0].clone()), (Status::Cancelled, 0.into()));
    let elsewhere = Backdoor::testing().run_async("author runtime").await;
    assert_eq!(elsewhere.text, here);
}

#[test]
fn a_given_runtime_serves_all_commands() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let given = format!("{}\n", runtime.handle().id());
    let console = Backdoor::testing().runtime(runtime.handle().clone());
    assert_eq!(console.run("author runtime").text, given);
    assert_eq!(console.run("author runtime-sync").text, given);
    let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(other.block_on(console.run_async("author runtime")).text, given);
}

/// The test hung for ever (newcomer 1.2 b).
#[test]
fn an_endless_command_is_cut_with_its_output() {
    let console = Backdoor::testing();
    for line in ["author rows", "author ticks"] {
        let answer = run_for_items(&console, line, 2);
        assert_eq!(answer.status, Status::Cancelled, "{line}");
        assert_eq!(answer.error.as_deref(), Some("interrupted"), "{line}");
        assert!(answer.text.lines().count() > 1, "{line}: {}", answer.text);
    }
    let answer = run_until(&console, "author forever", |answer| answer.text.starts_with("waits\n"));
    assert_eq!((answer.status, &*answer.text), (Status::Cancelled, "waits\ninterrupted\n"));
    let answer = console.run_for("author short", PATIENCE);
    assert_eq!((answer.status, &*answer.text), (Status::Done, "3\n"));
}

#[test]
fn a_test_uses_its_own_time_limit() {
    let console = Backdoor::testing().command_timeout(Duration::from_millis(50));
    for line in ["author forever", "author rows", "author ticks"] {
        assert_eq!(console.run(line).status, Status::TimedOut, "{line}");
    }
}

/// The function of a guarded command could not be tested (newcomer 1.2 c).
#[test]
fn a_test_is_a_peer_of_the_unix_socket() {
    let own = geteuid().as_raw();
    assert_eq!(Backdoor::testing().run("author guarded").value, own);
    assert_eq!(Backdoor::testing().peer_uid(own + 1).run("author guarded").value, own + 1);
    let refused = Backdoor::testing().over_tcp().run("author guarded");
    assert_eq!(refused.error.as_deref(), Some("only from the unix socket"));
    assert_eq!(Backdoor::testing().run("author drop --yes").status, Status::Done);
    assert_eq!(Backdoor::testing().over_tcp().run("author drop --yes").status, Status::Refused);
}
