//! Telnet negotiation and subnegotiation: window sizes, refusals, and answers that never feed each other.

use crate::client::Client;
use crate::wire::{builder, tcp};

const WILL_NAWS: &[u8] = b"\xff\xfb\x1f";

fn size(columns: [u8; 2]) -> Vec<u8> {
    let mut bytes = b"\xff\xfa\x1f".to_vec();
    for byte in columns {
        bytes.push(byte);
        if byte == 0xff {
            bytes.push(byte);
        }
    }
    bytes.extend(b"\0\x18\xff\xf0");
    bytes
}

fn widest(text: &str) -> usize {
    // A word that is wider than the terminal is alone on its line, and whole.
    text.lines().filter(|line| line.contains(' ')).map(|line| line.chars().count()).max().unwrap()
}

#[test]
fn a_table_is_fitted_to_the_window() {
    let mut client = Client::prompted(tcp());
    assert_eq!(client.ask("wire width"), "(none)\r\n");
    assert!(widest(&client.ask("wire table")) > 400);
    client.send(WILL_NAWS);
    for columns in [80_u16, 40, 255, 511, 132] {
        client.send(size(columns.to_be_bytes()));
        assert_eq!(client.ask("wire width"), format!("{columns}\r\n"));
        let table = client.ask("wire table");
        assert!(widest(&table) <= columns.into(), "{columns}: {table}");
        assert!(table.contains("one") && table.contains("two"));
    }
    client.expect_nothing();
}

#[test]
fn a_window_of_no_columns_is_unknown() {
    let mut client = Client::prompted(tcp());
    client.send(size([0, 0]));
    assert_eq!(client.ask("wire width"), "(none)\r\n");
    assert!(widest(&client.ask("wire table")) > 400);
}

#[test]
fn a_window_may_change_in_the_middle_of_a_line() {
    let mut client = Client::prompted(tcp());
    client.send([b"wire wi".as_slice(), &size([0, 77]), b"dth\r\n"].concat());
    assert_eq!(client.answer(), "77\r\n");
}

#[test]
fn a_subnegotiation_may_be_split_at_any_byte() {
    let mut client = Client::prompted(tcp());
    client.send(b"\xff\xfa\x1f\0\xff");
    client.send(b"\xff\0\x18");
    client.send(b"\xff");
    client.send(b"\xf0");
    assert_eq!(client.ask("wire width"), "255\r\n");
    for byte in size([0, 99]) {
        client.send([byte]);
    }
    assert_eq!(client.ask("wire width"), "99\r\n");
}

#[test]
fn a_long_subnegotiation_is_skipped() {
    let mut client = Client::prompted(tcp());
    for length in [49, 80, 5000] {
        client.send([b"\xff\xfa\x22".as_slice(), &vec![b'x'; length], b"\xff\xff\xff\xf0"].concat());
        assert_eq!(client.ask("wire echo a"), "a\r\n");
    }
}

#[test]
fn an_unfinished_subnegotiation_does_not_stop_an_interrupt() {
    let mut client = Client::prompted(tcp());
    client.send(b"\xff\xfa\x18");
    client.send(vec![b'x'; 100_000]);
    client.expect_nothing();
    client.send(b"\xff\xf4\xff\xfd\x06");
    client.expect(b"\xff\xfb\x06");
    client.answer();
    assert_eq!(client.ask("wire echo a"), "a\r\n");
}

#[test]
fn repeated_requests_are_acknowledged_once() {
    let mut client = Client::prompted(tcp());
    // The answer to our own request is no request.
    client.send(WILL_NAWS.repeat(20));
    client.expect_nothing();
    client.send(b"\xff\xfc\x1f\xff\xfc\x1f");
    client.expect(b"\xff\xfe\x1f");
    client.expect_nothing();
    client.send(b"\xff\xfb\x1f\xff\xfb\x1f");
    client.expect(b"\xff\xfd\x1f");
    client.expect_nothing();
}

#[test]
fn refusals_are_no_longer_than_requests() {
    let console = builder().listen("0").max_option_commands(usize::MAX).start().unwrap();
    let mut client = Client::prompted(&console.addresses()[0]);
    for option in (0..=255).filter(|option| ![6, 31].contains(option)) {
        let offer = [0xff, 0xfb, option, 0xff, 0xfd, option, 0xff, 0xfc, option, 0xff, 0xfe, option];
        client.send(offer);
        client.expect([0xff, 0xfe, option, 0xff, 0xfc, option]);
        assert!(client.seen.is_empty());
    }
    client.expect_nothing();
}

/// GNU's telnet takes two bytes of UTF-8 for special keys unless it sends BINARY; a peer without telnet would show the request.
#[test]
fn regression_only_telnet_peers_are_asked_for_binary() {
    let mut client = Client::prompted(tcp());
    client.ask("wire echo a");
    assert!(!client.binary_asked);
    client.send(b"\xff\xf1");
    client.expect_nothing();
    assert!(client.binary_asked);
    client.send(b"\xff\xfb\0");
    assert_eq!(client.ask("wire echo a"), "a\r\n");
    // Our half stays unchanged.
    client.send(b"\xff\xfd\0");
    client.expect(b"\xff\xfc\0");
    client.expect_nothing();
}

#[test]
fn verbs_that_need_no_answer_get_none() {
    let mut client = Client::prompted(tcp());
    // NOP, data mark, GA, EOR, a SE without a subnegotiation, suspend, DONT and WONT for disabled options and for the timing mark.
    client.send(
        b"\xff\xf1\xff\xf2\xff\xf9\xff\xef\xff\xf0\xff\xed\xff\xfe\x01\xff\xfc\x03\xff\xfb\x06\xff\xfe\x06",
    );
    client.expect_nothing();
    client.send(b"wire\xff\xf1 echo\xff\xf9 a\r\n");
    assert_eq!(client.answer(), "a\r\n");
}

/// Python's telnetlib refuses all requests, and some similar clients fail at a second one.
#[test]
fn negotiation_ends_with_the_first_refusal() {
    let mut client = Client::connect(tcp());
    client.binary_asked = true;
    client.expect([0xff, 0xfd, 0x1f]);
    client.expect("test> ");
    client.send([0xff, 0xfc, 0x1f]);
    assert_eq!(client.ask("wire echo a"), "a\r\n");
    // The client's own requests are answered.
    client.send([0xff, 0xfd, 0x01, 0xff, 0xfb, 0x18]);
    assert_eq!(client.take(6), [0xff, 0xfc, 0x01, 0xff, 0xfe, 0x18]);
    client.expect_nothing();
}

#[test]
fn a_client_that_refuses_first_gets_no_request() {
    let mut client = Client::connect(tcp());
    client.binary_asked = true;
    client.send([0xff, 0xfc, 0x1f]);
    let seen = client.expect("test> ");
    assert!(seen.starts_with("test, pid "), "{seen:?}");
    client.expect_nothing();
}
