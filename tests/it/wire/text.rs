//! The bytes of a line: UTF-8 in any number of packets, and nothing else.

use crate::client::{Client, script};
use crate::wire::{count_of, tcp, unix};

#[test]
fn characters_may_be_split_over_packets() {
    let mut client = Client::prompted(tcp());
    for byte in "wire echo é€😀\r\n".bytes() {
        client.send([byte]);
    }
    assert_eq!(client.answer(), "é€😀\r\n");
}

#[test]
fn invalid_utf8_is_refused() {
    for address in [tcp(), unix()] {
        let answer = script(address, b"wire count latin caf\xe9\nwire echo a\n");
        let refusal =
            "line not run: byte 0xe9 at offset 20 is not UTF-8; set the terminal or the script to UTF-8\n";
        assert_eq!(answer, format!("{refusal}a\n"));
    }
    let mut client = Client::prompted(tcp());
    assert_eq!(client.ask("wire echo a"), "a\r\n");
    client.send(b"wire count latin \xff\xff\r\n");
    assert!(client.answer().starts_with("line not run: byte 0xff at offset 17 is not UTF-8"));
    client.expect_nothing();
    assert_eq!(count_of("latin"), 0);
}

#[test]
fn nul_is_ignored_after_a_valid_line() {
    assert_eq!(script(tcp(), b"wire echo x\n\0wire\0 echo\0 a\0b\0\n\0\n"), "x\nab\n");
}

#[test]
fn control_sequences_are_escaped() {
    let answer = script(tcp(), "wire echo \x1b[2J\u{202e}x\u{9b}y\u{200b}\u{feff}\u{2028}\n");
    assert_eq!(answer, "\\x1b[2J\\u{202e}x\\u{9b}y\\u{200b}\\u{feff}\\u{2028}\n");
}

/// The console escaped characters that JSON leaves unchanged in its own way, and the line was no JSON any more.
#[test]
fn regression_invisible_output_stays_json() {
    let text = "\u{9b}\u{ad}\u{180e}\u{200b}\u{202e}\u{2060}\u{feff}\u{fffb}\u{e0041}";
    for address in [tcp(), unix()] {
        let answer = script(address, format!("get {text} --json\n"));
        assert!(answer.is_ascii(), "{answer}");
        assert_eq!(serde_json::from_str::<String>(&answer).unwrap(), text);
    }
}

#[test]
fn an_overlong_line_is_refused_once_and_the_next_one_runs() {
    let refused = "line not run: it is longer than 8192 bytes; split it into several lines";
    let long = format!("wire echo b\nwire echo {}\nwire echo a\n", "x".repeat(100_000));
    assert_eq!(script(tcp(), &long), format!("b\n{refused}\na\n"));
    let longest = "x".repeat(8192 - "wire echo ".len());
    assert_eq!(script(tcp(), format!("\nwire echo b\nwire echo {longest}\n")), format!("b\n{longest}\n"));
}
