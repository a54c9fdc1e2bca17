//! The telnet commands for a person's keys: Ctrl-C, break, are you there, erase, abort output, and urgent data.

use std::net::TcpStream;

use backdoor_runtime::Address;
use socket2::SockRef;

use crate::client::Client;
use crate::wire::{count_of, open, tcp, unix};

/// The bytes of inetutils and netkit telnet for Ctrl-C in line mode.
const CTRL_C: &[u8] = b"\xff\xf4\xff\xfd\x06";

/// Without this answer they show no further output.
const MARK: &[u8] = b"\xff\xfb\x06";

#[test]
fn ctrl_c_at_the_prompt_is_marked_before_one_new_prompt() {
    let mut client = Client::prompted(tcp());
    for _ in 0..3 {
        client.send(CTRL_C);
        assert_eq!(client.expect(MARK).len(), String::from_utf8_lossy(MARK).len());
        assert_eq!(client.answer(), "\r\n");
    }
    client.expect_nothing();
    assert_eq!(client.ask("wire echo a"), "a\r\n");
}

#[test]
fn ctrl_c_ends_the_command_and_the_next_answer_is_seen() {
    for keys in [CTRL_C, b"\xff\xf3\xff\xfd\x06", b"\xff\xee", b"\x03"] {
        let mut client = Client::prompted(tcp());
        client.send("wire wait never\r\n");
        client.expect("waiting\r\n");
        client.send(keys);
        if keys.ends_with(b"\x06") {
            client.expect(MARK);
        }
        assert_eq!(client.answer(), "\r\ninterrupted\r\n");
        assert_eq!(client.ask("wire echo a"), "a\r\n");
        client.expect_nothing();
    }
}

#[test]
fn regression_ctrl_c_leaves_a_line_of_json_whole() {
    let mut client = Client::prompted(tcp());
    client.send("wire wait never --json\r\n");
    client.expect("{\"printed\":\"waiting");
    client.send(CTRL_C);
    client.expect(MARK);
    let rest = client.answer();
    assert!(rest.contains("\"error\":") && rest.ends_with("}\r\n"), "{rest}");
    assert_eq!(rest.matches('\n').count(), 1, "{rest}");
}

#[test]
fn ctrl_c_as_the_first_input_makes_one_prompt() {
    let mut client = Client::connect(tcp());
    client.send(CTRL_C);
    client.expect(MARK);
    client.expect("\r\ntest> ");
    client.expect_nothing();
}

#[test]
fn ctrl_c_drops_the_unfinished_line() {
    let mut client = Client::prompted(tcp());
    client.send([b"wire count begun".as_slice(), CTRL_C, b"wire echo a\r\n"].concat());
    client.expect(MARK);
    client.expect("a\r\ntest> ");
    client.expect_nothing();
    assert_eq!(count_of("begun"), 0);
}

#[test]
fn ctrl_c_discards_queued_lines_and_reports_it() {
    let mut client = Client::prompted(tcp());
    client.send("wire wait never\r\nwire count thrown\r\nwire count thrown\r\n");
    client.expect("waiting\r\n");
    client.send(CTRL_C);
    client.expect(MARK);
    assert_eq!(client.answer(), "\r\ninterrupted\r\n2 queued lines were not run\r\n");
    client.expect_nothing();
    assert_eq!(count_of("thrown"), 0);
}

#[test]
fn a_stuck_command_is_abandoned() {
    let mut client = Client::prompted(tcp());
    client.send("wire stuck left-behind\r\n");
    client.expect("waiting\r\n");
    client.send(CTRL_C);
    client.expect(MARK);
    let text = client.answer();
    assert!(text.starts_with("\r\ninterrupted; `wire stuck` still runs"), "{text}");
    assert_eq!(client.ask("wire echo a"), "a\r\n");
    open("left-behind");
}

#[test]
fn are_you_there_is_answered_visibly() {
    let mut client = Client::prompted(tcp());
    let here = format!("[test runs, pid {}]\r\n", std::process::id());
    client.send(b"\xff\xf6");
    assert_eq!(client.answer(), format!("\r\n{here}"));
    client.send("wire wait are-you-there\r\n");
    client.expect("waiting\r\n");
    client.send(b"\xff\xf6");
    assert_eq!(client.expect("]\r\n"), here);
    open("are-you-there");
    assert_eq!(client.answer(), "passed\r\n");
    client.expect_nothing();
}

#[test]
fn erase_character_and_erase_line_edit_the_line() {
    let mut client = Client::prompted(tcp());
    client.send("wire echo aé€x".as_bytes());
    client.send(b"\xff\xf7\xff\xf7b\r\n");
    assert_eq!(client.answer(), "aéb\r\n");
    client.send(b"wire count erased\xff\xf8wire echo a\r\n");
    assert_eq!(client.answer(), "a\r\n");
    client.send(b"\xff\xf7\xff\xf8\r\n");
    assert_eq!(client.answer(), "");
    assert_eq!(count_of("erased"), 0);
}

#[test]
fn abort_output_ends_the_output_and_not_the_command() {
    let mut client = Client::prompted(tcp());
    client.send("wire wait aborted\r\n");
    client.expect("waiting\r\n");
    client.send(b"\xff\xf5\xff\xfd\x06");
    client.expect(MARK);
    open("aborted");
    assert_eq!(client.answer(), "");
    assert_eq!(client.ask("wire echo a"), "a\r\n");
}

#[test]
fn a_doubled_iac_is_a_byte_of_the_line_and_no_command() {
    let mut client = Client::prompted(tcp());
    client.send(b"wire count \xff\xff\xff\xf4\xff\xfd\x06\r\n");
    client.expect(MARK);
    client.answer();
    client.send(b"wire count \xff\xff\r\n");
    assert_eq!(
        client.answer(),
        "line not run: byte 0xff at offset 11 is not UTF-8; set the terminal or the script to UTF-8\r\n"
    );
}

#[test]
fn urgent_data_stays_in_its_place() {
    let Address::Tcp(address) = tcp() else { unreachable!() };
    let stream = TcpStream::connect(address).unwrap();
    let urgent = stream.try_clone().unwrap();
    let mut client = Client::over(stream);
    client.expect("test> ");
    // `send synch`: the IAC travels as urgent data, and without SO_OOBINLINE a lone F2 would be read, which is invalid UTF-8.
    SockRef::from(&urgent).send_out_of_band(b"\xff").unwrap();
    client.send(b"\xf2wire echo a\r\n");
    assert_eq!(client.answer(), "a\r\n");
    client.send("wire wait never\r\n");
    client.expect("waiting\r\n");
    client.send(b"\xff\xf4");
    SockRef::from(&urgent).send_out_of_band(b"\xff").unwrap();
    client.send(b"\xf2");
    assert_eq!(client.answer(), "\r\ninterrupted\r\n");
    assert_eq!(client.ask("wire echo b"), "b\r\n");
}

#[test]
fn ctrl_d_ends_the_session_after_all_answers() {
    for keys in [b"\x04".as_slice(), b"\xff\xec"] {
        for address in [tcp(), unix()] {
            let mut client = Client::prompted(address);
            client.send(b"wire echo a\r\nwire echo b\r\n");
            client.send(keys);
            client.send(b"wire count after-the-end\r\n");
            let text = String::from_utf8_lossy(&client.read_to_end()).replace('\r', "");
            // Whether a prompt follows the last answer depends on how soon the Ctrl-D is read.
            let answers = text.trim_end().trim_end_matches("test>").trim_end();
            assert!(
                text.contains("a\ntest> ") && answers.ends_with("\nb") | answers.ends_with("> b"),
                "{text:?}"
            );
        }
    }
    assert_eq!(count_of("after-the-end"), 0);
}

#[test]
fn ctrl_d_within_a_line_is_ignored() {
    let mut client = Client::prompted(tcp());
    client.send(b"wire echo a\x04b\r\n");
    assert_eq!(client.answer(), "ab\r\n");
}

/// Reading ended with the Ctrl-D, so that the Ctrl-C was neither read nor answered, and the client showed no further output.
#[test]
fn regression_ctrl_c_works_after_ctrl_d() {
    let mut client = Client::prompted(tcp());
    client.send("wire wait never\r\n");
    client.expect("waiting\r\n");
    client.send(b"\x04");
    client.send(CTRL_C);
    client.expect(MARK);
    assert_eq!(client.read_to_end(), b"\r\ninterrupted\r\n");
}

/// BusyBox's telnet does not send Ctrl-C.
#[test]
fn c27_an_empty_line_ends_an_endless_command() {
    for address in [tcp(), unix()] {
        let mut client = Client::prompted(address);
        client.send("wire endless\r\n");
        client.expect("`wire endless` has no time limit; Ctrl-C or an empty line ends it");
        client.expect("tick");
        client.send("\r\n");
        client.expect("interrupted");
        client.expect("test> ");
        assert!(client.ask("wire echo a").starts_with("a"));
        client.send("wire endless --json\r\n");
        client.expect("tick");
        client.send(" \r\n");
        client.expect("cancelled");
        client.expect("test> ");
    }
}

#[test]
fn an_empty_line_ends_no_other_command() {
    let mut client = Client::prompted(tcp());
    client.send("wire wait empty-line\r\n");
    client.expect("waiting\r\n");
    client.send("\r\n");
    client.expect_nothing();
    open("empty-line");
    client.expect("passed\r\n");
}
