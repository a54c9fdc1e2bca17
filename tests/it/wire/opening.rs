//! The begin of a session: which peers get telnet bytes, and which a banner.

use crate::client::{Client, script};
use crate::wire::{plain_tcp, tcp, unix};

const DO_NAWS: &[u8] = &[0xff, 0xfd, 0x1f];

fn starts_with_banner(text: &str) {
    assert!(text.starts_with(&format!("test, pid {} on ", std::process::id())), "{text:?}");
    assert_eq!(text.matches("test> ").count(), 1, "{text:?}");
}

#[test]
fn a_silent_peer_gets_one_question_banner_and_prompt() {
    let mut client = Client::connect(tcp());
    client.expect(DO_NAWS);
    starts_with_banner(&client.expect("test> "));
    client.expect_nothing();
}

#[test]
fn a_plain_listener_and_a_unix_socket_send_no_telnet_byte() {
    for address in [plain_tcp(), unix()] {
        let mut client = Client::connect(address);
        let text = client.expect("test> ");
        starts_with_banner(&text);
        assert!(!text.contains('\r'), "{text:?}");
        assert_eq!(client.ask("wire echo a"), "a\n");
        client.expect_nothing();
    }
}

/// A client library presses Enter and waits for a prompt.
#[test]
fn c12_an_empty_first_line_gets_banner_and_prompt() {
    for address in [tcp(), plain_tcp(), unix()] {
        for enter in ["\n", "\r\n", "\r", "\r\0", "\n\n"] {
            let mut client = Client::connect(address);
            client.send(enter);
            let text = client.expect("test> ");
            assert_eq!(text.matches(", pid ").count(), 1, "{enter:?}: {text:?}");
            client.send("wire echo a\r\n");
            assert!(client.expect("test> ").starts_with("a"), "{enter:?}");
            client.expect_nothing();
        }
    }
}

#[test]
fn c12_an_empty_line_before_a_script_is_dropped() {
    for address in [tcp(), plain_tcp(), unix()] {
        assert_eq!(script(address, "\nwire echo a\n\nwire echo b\n"), "a\nb\n");
        assert_eq!(script(address, "\r\n \r\n"), "");
        let mut client = Client::connect(address);
        for part in ["\n", "\r\n", "wire echo a\n"] {
            client.send(part);
        }
        client.close_write();
        assert_eq!(client.read_to_string(), "a\n");
    }
}

#[test]
fn a_client_that_speaks_telnet_gets_the_banner_at_once() {
    let mut client = Client::connect(tcp());
    client.send([0xff, 0xf1]);
    client.expect(DO_NAWS);
    starts_with_banner(&client.expect("test> "));
    client.expect_nothing();
}

#[test]
fn a_client_may_start_telnet_later() {
    for address in [plain_tcp(), unix()] {
        let mut client = Client::prompted(address);
        client.send([0xff, 0xf1]);
        client.expect(DO_NAWS);
        assert_eq!(client.ask("wire echo a"), "a\r\n");
        client.expect_nothing();
    }
}

#[test]
fn a_script_that_starts_telnet_later_gets_a_prompt() {
    let mut client = Client::connect(tcp());
    client.send("wire echo a\n");
    assert_eq!(client.expect("a\n"), "a\n");
    client.send([0xff, 0xf1]);
    client.expect(DO_NAWS);
    assert_eq!(client.answer(), "");
    assert_eq!(client.ask("wire echo b"), "b\r\n");
}

#[test]
fn plink_gets_its_answers_and_a_prompt() {
    let mut client = Client::connect(tcp());
    let opening = b"\xff\xfb\x1f\xff\xfb\x20\xff\xfb\x18\xff\xfb\x27\xff\xfd\x01\xff\xfb\x03\xff\xfd\x03";
    client.send(opening);
    let answers = b"\xff\xfd\x1f\xff\xfe\x20\xff\xfe\x18\xff\xfe\x27\xff\xfc\x01\xff\xfe\x03\xff\xfc\x03";
    assert_eq!(client.take(answers.len()), answers);
    starts_with_banner(&client.expect("test> "));
    // It ends its lines with a bare LF, and with CR NUL in character mode.
    client.send("wire echo a\n");
    assert_eq!(client.answer(), "a\r\n");
    client.send("wire echo b\r\0");
    assert_eq!(client.answer(), "b\r\n");
    client.expect_nothing();
}

#[test]
fn a_script_gets_answers_only() {
    for address in [tcp(), plain_tcp(), unix()] {
        assert_eq!(script(address, "wire echo a\nwire echo b\n"), "a\nb\n");
        assert_eq!(script(address, ""), "");
        assert_eq!(script(address, "\n\n"), "");
    }
}
