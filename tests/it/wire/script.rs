//! Scripts: how they end, with and without closing their sending half.

use std::time::Duration;

use crate::client::{Client, script};
use crate::wait::until;
use crate::wire::{builder, count_of, open, tcp, unix};

#[test]
fn every_command_is_finished_after_the_end_of_input() {
    for address in [tcp(), unix()] {
        let gate = format!("finish {address}");
        let mut client = Client::connect(address);
        client.send(format!("wire wait \"{gate}\"\nwire echo b\n"));
        client.close_write();
        client.expect("waiting\n");
        open(&gate);
        assert_eq!(client.read_to_string(), "passed\nb\n");
    }
}

#[test]
fn the_last_line_needs_no_newline() {
    assert_eq!(script(tcp(), "wire echo a\nwire echo b"), "a\nb\n");
}

#[test]
fn lines_after_quit_do_not_run() {
    assert_eq!(script(tcp(), "wire echo a\nquit\nwire count after-quit\n"), "a\ngoodbye\n");
    assert_eq!(count_of("after-quit"), 0);
}

#[test]
fn quit_says_goodbye_to_a_person() {
    let mut client = Client::prompted(tcp());
    client.send("quit\r\n");
    assert_eq!(client.read_to_end(), b"goodbye\r\n");
}

#[test]
fn an_idle_script_is_closed_after_its_answers() {
    let console = builder().listen("0").script_idle(Duration::from_millis(50)).start().unwrap();
    let mut client = Client::connect(&console.addresses()[0]);
    client.send("wire wait idle\nwire echo b\n");
    client.expect("waiting\n");
    // A command may be silent for longer than a script.
    client.expect_nothing();
    open("idle");
    assert_eq!(client.read_to_string(), "passed\nb\nno further input for 50ms; this session is closed\n");
}

/// A loop that paused lost its next line without a message.
#[test]
fn c13_a_paused_script_is_told_before_it_is_closed() {
    let console = builder().listen("0").script_idle(Duration::from_millis(50)).start().unwrap();
    let mut client = Client::connect(&console.addresses()[0]);
    client.send("wire many a --json\n");
    let answer = client.read_to_string();
    let lines: Vec<serde_json::Value> =
        answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{answer}");
    assert_eq!(lines[1]["error"]["message"], "no further input for 50ms; this session is closed");
}

/// "kill 12" ran of a "kill 123" whose last byte was late.
#[test]
fn regression_an_incomplete_line_does_not_run() {
    let console = builder().listen("0").script_idle(Duration::from_millis(50)).start().unwrap();
    let mut client = Client::connect(&console.addresses()[0]);
    client.send("wire echo a\nwire count late");
    assert_eq!(
        client.read_to_string(),
        "a\nincomplete line ignored\nno further input for 50ms; this session is closed\n"
    );
    assert_eq!(count_of("late"), 0);
}

#[test]
fn an_interactive_session_may_be_idle_longer() {
    let console = builder().listen("0").script_idle(Duration::from_millis(50)).start().unwrap();
    let mut client = Client::prompted(&console.addresses()[0]);
    client.expect_nothing();
    assert_eq!(client.ask("wire echo a"), "a\r\n");
    client.expect_nothing();
    assert_eq!(client.ask("wire echo b"), "b\r\n");
}

/// Without output to it, a disconnected script kept its session as long as its command ran.
#[test]
fn regression_a_gone_script_is_noticed_during_a_silent_command() {
    for address in [tcp(), unix()] {
        let gate = format!("gone {address}");
        let mut client = Client::connect(address);
        client.send(format!("wire wait \"{gate}\"\n"));
        client.expect("waiting\n");
        let mut other = Client::prompted(tcp());
        // It may still read: it has closed only its sending half.
        client.close_write();
        assert!(client.read_for(Duration::from_millis(600)).is_empty());
        assert!(other.ask("who").contains(&gate));
        drop(client);
        until("its end", || other.ask("who"), |who| !who.contains(&gate));
        open(&gate);
    }
}
