//! All four line ends, whole and split over packets, and the limits of Enter.

use crate::client::Client;
use crate::wire::{count_of, tcp};

#[test]
fn every_line_end_is_one_enter_and_one_prompt() {
    for (name, end) in [("crlf", "\r\n"), ("crnul", "\r\0"), ("lf", "\n"), ("cr", "\r")] {
        let mut client = Client::prompted(tcp());
        client.send(format!("wire count {name}{end}"));
        assert_eq!(client.answer(), "1\r\n", "{name}");
        client.send(format!("wire count {name}{end}wire count {name}{end}"));
        assert_eq!(client.answer(), "2\r\n", "{name}");
        assert!(client.answer().ends_with("3\r\n"), "{name}");
        client.expect_nothing();
        assert_eq!(count_of(name), 3);
    }
}

#[test]
fn a_line_end_split_over_packets_is_one_enter() {
    for (name, rest) in [("split-crlf", "\n"), ("split-crnul", "\0")] {
        let mut client = Client::prompted(tcp());
        client.send(format!("wire count {name}\r"));
        assert_eq!(client.answer(), "1\r\n");
        // The answer shows that the CR was read before this is sent.
        client.send(rest);
        client.expect_nothing();
        client.send(format!("wire count {name}\r"));
        assert_eq!(client.answer(), "2\r\n");
    }
}

#[test]
fn a_line_split_anywhere_is_one_line() {
    let mut client = Client::prompted(tcp());
    for part in ["wi", "re cou", "nt spl", "it", "\r", "\n"] {
        client.send(part);
    }
    assert_eq!(client.answer(), "1\r\n");
    client.expect_nothing();
}

#[test]
fn an_empty_line_shows_a_prompt() {
    let mut client = Client::prompted(tcp());
    for line in ["", "   ", "\t"] {
        assert_eq!(client.ask(line), "");
    }
    client.expect_nothing();
}
