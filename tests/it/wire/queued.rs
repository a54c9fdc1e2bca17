//! Lines that arrive faster than they are answered: each in its order, none lost, none mixed up.

use std::time::Duration;

use crate::client::{Client, script};
use crate::wire::{count_of, open, tcp, unix};

#[test]
fn a_thousand_lines_of_a_script_run_in_order() {
    let lines: String = (0..1000).map(|line| format!("wire echo line {line}\n")).collect();
    let expected: String = (0..1000).map(|line| format!("line {line}\n")).collect();
    for address in [tcp(), unix()] {
        assert_eq!(script(address, &lines), expected);
    }
}

#[test]
fn a_thousand_pasted_lines_run_in_order_with_a_prompt_each() {
    let mut client = Client::prompted(tcp());
    client.send((0..1000).map(|line| format!("wire echo line {line}\r\n")).collect::<String>());
    for line in 0..1000 {
        let (answer, echo) = (client.answer(), format!("wire echo line {line}\r\n"));
        // Each line that arrived before its prompt is echoed after the prompt.
        assert_eq!(answer.strip_prefix(&echo).unwrap_or(&answer), format!("line {line}\r\n"));
    }
    client.expect_nothing();
}

#[test]
fn lines_beyond_the_limit_wait_in_the_socket() {
    let count = 30_000;
    let lines: String = (0..count).map(|line| format!("wire echo {line}\n")).collect();
    let expected: String = (0..count).map(|line| format!("{line}\n")).collect();
    let mut client = Client::connect(unix());
    // It reads while it writes; otherwise both ends would wait for each other.
    let (mut reader, mut seen) = (client.again(), String::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            client.send(&lines);
            client.close_write();
        });
        seen = reader.read_to_string();
    });
    assert!(seen == expected, "{} bytes, expected {}", seen.len(), expected.len());
}

#[test]
fn a_line_during_a_command_waits() {
    let mut client = Client::prompted(tcp());
    client.send("wire wait turn\r\n");
    client.expect("waiting\r\n");
    client.send("wire count turn\r\n");
    client.expect_nothing();
    assert_eq!(count_of("turn"), 0);
    open("turn");
    assert_eq!(client.answer(), "passed\r\n");
    assert_eq!(client.answer(), "wire count turn\r\n1\r\n");
    client.expect_nothing();
}

#[test]
fn output_of_a_queued_line_follows_its_echo() {
    let mut client = Client::prompted(tcp());
    client.send("wire wait behind\r\nwire flood 1\r\n");
    client.expect("waiting\r\n");
    open("behind");
    assert_eq!(client.answer(), "passed\r\n");
    assert!(client.answer().starts_with("wire flood 1\r\n0000"));
}

#[test]
fn a_refused_line_leaves_no_extra_prompt() {
    let mut client = Client::prompted(tcp());
    client.send("wire wait refused\r\n");
    client.expect("waiting\r\n");
    client.send(b"wire echo \x1b[2J\r\nwire \xe9\r\n\r\nwire echo a\r\n");
    // Are you there: it is answered after everything before it was read.
    client.send(b"\xff\xf6");
    client.expect("runs, pid ");
    client.expect("\r\n");
    open("refused");
    let refusal =
        "line not run: byte 0xe9 at offset 5 is not UTF-8; set the terminal or the script to UTF-8\r\n";
    client.expect("passed\r\n");
    client.expect("test> wire echo \\x1b[2J\r\n\\x1b[2J\r\n");
    assert_eq!(client.answer(), refusal);
    assert_eq!(client.answer(), "\r\n", "an empty line is one, too");
    assert_eq!(client.answer(), "wire echo a\r\na\r\n");
}

#[test]
fn late_output_redraws_the_prompt() {
    let mut client = Client::prompted(tcp());
    assert_eq!(client.ask("wire later background"), "begun\r\n");
    open("background");
    assert_eq!(client.answer(), "\r\nlater: background\r\n");
    client.expect_nothing();
}

/// The output appeared in the middle of a line for a parser.
#[test]
fn regression_background_output_stays_out_of_a_line_of_json() {
    let mut client = Client::connect(tcp());
    client.send("wire later json\n");
    client.expect("begun\n");
    client.send("wire wait json-gate --json\n");
    client.expect("{\"printed\":\"waiting\\n");
    open("json");
    client.read_for(Duration::from_millis(100));
    client.seen.clear();
    open("json-gate");
    assert_eq!(client.expect("later: json\n"), "\",\"value\":\"passed\"}\nlater: json\n");
}

#[test]
fn a_slow_reader_gets_everything() {
    let mut client = Client::connect(tcp());
    client.send("wire flood 100000\nwire flood 100000\n");
    client.close_write();
    // The console continues meanwhile, until all buffers are full.
    let mut other = Client::prompted(tcp());
    (0..50).for_each(|_| assert_eq!(other.ask("wire echo a"), "a\r\n"));
    let text = client.read_to_string();
    assert_eq!(text.len(), 2 * (100_000 * 64 + "end of flood\n".len()));
    assert!(text.ends_with("end of flood\n"));
}
