//! The end of a console: sessions get a goodbye and all rendered output, and no command delays the service.

use std::time::{Duration, Instant};

use backdoor_runtime::Backdoor;

use crate::client::Client;
use crate::log::Log;
use crate::wait::{PATIENCE, returns, until};
use crate::wire::{builder, open};

const GOODBYE: &str = "test ends this session; goodbye\r\n";

fn start() -> Backdoor {
    builder().listen(0).start().unwrap()
}

fn text(client: &mut Client) -> String {
    String::from_utf8(client.read_to_end()).unwrap()
}

#[test]
fn a_session_gets_a_goodbye() {
    let console = start();
    let mut clients = [Client::prompted(&console.addresses()[0]), Client::prompted(&console.addresses()[0])];
    console.drop_within(PATIENCE);
    for client in &mut clients {
        assert_eq!(text(client), format!("\r\n{GOODBYE}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_says_goodbye_too_and_frees_the_port() {
    let console = start();
    let address = console.addresses()[0].clone();
    let mut client = Client::prompted(&address);
    console.shutdown().await;
    assert_eq!(text(&mut client), format!("\r\n{GOODBYE}"));
    drop(builder().listen(address.to_string()).start().unwrap());
}

#[test]
fn shutdown_informs_the_command_and_the_operator() {
    let console = start();
    let mut client = Client::prompted(&console.addresses()[0]);
    client.send("wire wait never\r\n");
    client.expect("waiting\r\n");
    let mut script = Client::connect(&console.addresses()[0]);
    script.send("wire wait never\nwire echo b\n");
    script.expect("waiting\n");
    console.drop_within(PATIENCE);
    // On a busy machine the command may be too slow, which is reported as well.
    let text = [text(&mut client), text(&mut script)];
    assert!(text[0].starts_with("the console is shutting down") && text[0].ends_with(GOODBYE), "{text:?}");
    assert!(text[1].starts_with("the console is shutting down") && text[1].lines().count() == 1, "{text:?}");
}

#[test]
fn a_stuck_command_does_not_hold_up_the_drop() {
    let console = start();
    let mut client = Client::prompted(&console.addresses()[0]);
    client.send("wire stuck drop\r\n");
    client.expect("waiting\r\n");
    returns("the drop", || console.drop_within(PATIENCE));
    let left = "the console is shutting down; the command keeps running\r\n";
    assert_eq!(text(&mut client), format!("{left}{GOODBYE}"));
    open("drop");
}

#[test]
fn a_peer_that_reads_nothing_does_not_delay_the_drop() {
    let console = start();
    let mut client = Client::prompted(&console.addresses()[0]);
    client.send("wire flood 1000000\r\n");
    client.expect("00000");
    returns("the drop", || console.drop_within(PATIENCE));
}

/// The command's answer was lost if the command itself ended the service.
#[test]
fn regression_a_command_that_ends_the_service_is_answered() {
    for _ in 0..20 {
        // The command has only a moment to end when the console ends.
        let console = builder().nice(0).listen(0).start().unwrap();
        let mut client = Client::prompted(&console.addresses()[0]);
        let gate = format!("ended-{}", console.addresses()[0]);
        client.send(format!("wire ender {gate}\r\n"));
        crate::wire::wait_for(&gate);
        console.drop_within(PATIENCE);
        // Whether there is a prompt between them depends on timing.
        let text = text(&mut client);
        assert!(text.starts_with("OK\r\n") && text.ends_with(GOODBYE), "{text:?}");
    }
}

#[test]
fn a18_an_immediate_drop_is_logged_with_a_hint() {
    const HINT: &str = "its handle was dropped; keep it: `let _console = ..`";
    let ended = "the console of test has ended";
    let (log, _guard) = Log::record();
    let begin = Instant::now();
    let _ = builder().listen(0).start_or_warn();
    // On a very busy machine, it is an end like any other.
    if begin.elapsed() < Duration::from_secs(1) {
        log.expect(&["WARN", ended, HINT]);
    }

    let (log, _guard) = Log::record();
    let console = start();
    let started = Instant::now();
    until("more than a second", || started.elapsed(), |age| *age > Duration::from_secs(1));
    drop(console);
    let line = log.expect(&["INFO", ended]);
    assert!(line.ends_with(ended), "{line}");
}

#[tokio::test]
async fn a18_a_shutdown_logs_no_hint_about_the_handle() {
    let (log, _guard) = Log::record();
    start().shutdown().await;
    let line = log.expect(&["INFO", "the console of test has ended"]);
    assert!(line.ends_with("has ended"), "{line}");
}
