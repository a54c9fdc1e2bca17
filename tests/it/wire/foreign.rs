//! Browsers, scanners and mail clients that connect by mistake or as an attack: nothing that they send runs.

use crate::client::{Client, script};
use crate::wire::{count_of, open, tcp, unix};

#[test]
fn http_is_disconnected_and_runs_nothing() {
    let body = "wire count http\r\nwire drop http --yes\r\n";
    for opening in [
        "GET / HTTP/1.1\r\n",
        "POST /x HTTP/1.0\r\nHost: 127.0.0.1:3000\r\nContent-Type: text/plain\r\n\r\n",
        "\r\nPOST /x HTTP/1.1\r\n\r\n",
        "OPTIONS * HTTP/1.1\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "Host: 127.0.0.1:3000\r\n",
        "nonsense\r\nHost: 127.0.0.1\r\n",
    ] {
        for address in [tcp(), unix()] {
            let answer = script_that_may_be_reset(address, &format!("{opening}{body}"));
            assert!(!answer.contains('1'), "{opening:?}: {answer:?}");
        }
    }
    assert_eq!(count_of("http"), 0);
}

#[test]
fn other_protocols_are_cut_off() {
    for opening in [
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\nwire count other\n".as_slice(),
        b"SSH-2.0-OpenSSH_9.2\r\nwire count other\r\n",
        b"EHLO me\r\nwire count other\r\n",
        b"helo me\r\nwire count other\r\n",
        b"OPTIONS rtsp://127.0.0.1/a RTSP/1.0\r\nCSeq: 1\r\n\r\nwire count other\r\n",
        b"OPTIONS sip:a@127.0.0.1 SIP/2.0\r\n\r\nwire count other\r\n",
        b"*1\r\n$4\r\nPING\r\nwire count other\r\n",
        b"PING\r\nwire count other\r\n",
        b"USER anonymous\r\nwire count other\r\n",
        b"NICK me\r\nUSER me 0 * :me\r\nwire count other\r\n",
        b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0\nwire count other\n",
        b"\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl\nwire count other\n",
        b"GET /\r\nwire count other\r\n",
        b"GET\t/\tHTTP/1.1\r\n\r\nwire count other\r\n",
        b"GET /\xc3\x28 HTTP/1.1\r\n\r\nwire count other\r\n",
        b"PROXY TCP4 192.0.2.1 127.0.0.1 40000 3000\r\nwire count other\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\nwire count other\n",
        b"a1 LOGIN me secret\r\nwire count other\r\n",
        b"<?xml version='1.0'?>\nwire count other\n",
        b"CONNECT\naccept-version:1.2\n\nwire count other\n",
        b"MODE READER\r\nwire count other\r\n",
        b"AUEP 1200 aaln/1@rgw.example.net MGCP 1.0\r\nwire count other\r\n",
        b"RFB 003.008\nwire count other\n",
        b"@RSYNCD: 31.0\nwire count other\n",
        b"( 2 ( edit-pipeline ) 24:svn://127.0.0.1:3000/x )\nwire count other\n",
        b"<13>Oct 11 22:14:15 host su: failed\nwire count other\n",
        b"shop.orders:1|c\nwire count other\n",
        b"set key 0 900 16\r\nwire count other\r\n",
        b"\x80\x01wire\nwire count other\n",
        b"\x04\x01\x0b\xb8\x7f\x01\x01\x01me\nwire count other\n",
        b"a line\0 of something binary\nwire count other\n",
        b"nonsense\nwith a \0\nwire count other\n",
        b"\0\0\0\x2a\nwire count other\n",
    ] {
        let mut client = Client::connect(tcp());
        client.send(opening);
        assert_eq!(client.read_to_end(), b"", "{opening:?}");
    }
    assert_eq!(count_of("other"), 0);
}

#[test]
fn an_opening_split_over_packets_is_cut_off() {
    for parts in [["\x16", "\x03\x01\nwire count parts\n"], ["GET / HT", "TP/1.1\r\nwire count parts\r\n"]] {
        let mut client = Client::connect(tcp());
        parts.iter().for_each(|part| client.send(part));
        assert_eq!(client.read_to_end(), b"");
    }
    assert_eq!(count_of("parts"), 0);
}

#[test]
fn a_slow_browser_is_cut_off_at_its_first_line() {
    let mut client = Client::prompted(tcp());
    client.send("GET / HTTP/1.1\r\nwire count slow\r\n");
    client.read_to_end();
    assert_eq!(count_of("slow"), 0);
}

#[test]
fn http_words_are_arguments_after_an_accepted_line() {
    let text = "wire echo a\nwire echo GET / HTTP/1.1\nHost: x\n";
    let answer = script(tcp(), text);
    assert!(answer.starts_with("a\nGET / HTTP/1.1\n"), "{answer}");
    assert!(answer.contains("unknown command"), "{answer}");
}

/// Whether a line was a header depended on whether the line before it had run when it was read.
#[test]
fn regression_queued_lines_are_checked_in_order() {
    let mut client = Client::connect(tcp());
    client.send("wire wait judged\nnote: this is no header\nwire echo a\n");
    client.expect("waiting\n");
    open("judged");
    client.expect("unknown command `note:`");
    client.expect("a\n");
}

fn script_that_may_be_reset(address: &backdoor_runtime::Address, text: &str) -> String {
    let mut client = Client::connect(address);
    client.send(text);
    String::from_utf8(client.read_to_end()).unwrap()
}

/// A browser that connects before its request looks like a person, and its request line may be too long to be kept.
#[test]
fn regression_an_overlong_request_line_hides_no_headers() {
    let mut client = Client::connect(tcp());
    client.expect("test> ");
    let path = "x".repeat(10_000);
    client.send(format!("GET /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nwire count hidden-by-length\r\n"));
    client.read_to_end();
    assert_eq!(count_of("hidden-by-length"), 0);
}

/// Without a header after it, it was not recognized.
#[test]
fn l6_a_request_line_that_is_too_long_is_cut_off() {
    let mut client = Client::connect(tcp());
    client.send(format!("GET /{} HTTP/1.1\r\n\r\nwire count long-request\r\n", "x".repeat(1500)));
    assert_eq!(client.read_to_end(), b"");
    assert_eq!(count_of("long-request"), 0);
}

/// Every opening in two packets, split at every byte, followed by lines that would run.
#[test]
fn every_protocol_cut_at_every_byte_runs_nothing() {
    let body = b"wire count cut\r\nwire drop cut --yes\r\n";
    for opening in [
        b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n".as_slice(),
        b"wire /count HTTP/1.1\r\n\r\n",
        b"X-First: 1\r\nHost: 127.0.0.1:3000\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"\x16\x03\x01\0\xa5\x01\0\0\xa1\x03\x03\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"EHLO mail.example.org\r\nMAIL FROM:<a@b>\r\n",
        b"DESCRIBE rtsp://h/a RTSP/1.0\r\n",
        b"*2\r\n$3\r\nGET\r\n",
        b"PROXY TCP6 ::1 ::1 1 2\r\n",
        b"\r\n\r\n\0\r\nQUIT\n",
        b"\0\x01\0\0\x21\x12\xa4\x42abcd",
        b"\x10\x0a\0\x04MQTT\x04\x02",
        b"GET /\r\n",
    ] {
        let whole = [opening, body].concat();
        for cut in 0..=opening.len() {
            let mut client = Client::connect(tcp());
            client.send(&whole[..cut]);
            // It may be disconnected already.
            let _ = client.try_send(&whole[cut..]);
            assert_eq!(client.read_to_end(), b"", "{opening:?} cut at {cut}");
        }
    }
    assert_eq!(count_of("cut"), 0);
}

/// A page may send its body late, so that it looks like another protocol.
#[test]
fn a_body_in_a_later_packet_does_not_run() {
    let mut client = Client::connect(tcp());
    client.send("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n");
    assert_eq!(client.read_to_end(), b"");
    let _ = client.try_send(b"wire count late-body\r\n");
    assert_eq!(count_of("late-body"), 0);
}

/// A client that waits for the other side to speak first has received the prompt.
#[test]
fn a_slow_foreign_client_is_closed_at_its_first_line() {
    for opening in
        ["USER anonymous", "NICK me", "AUTH TLS", "PROXY TCP4 192.0.2.1 127.0.0.1 1 2", "a1 CAPABILITY"]
    {
        let mut client = Client::prompted(tcp());
        client.send(format!("{opening}\r\nwire count slow-other\r\n"));
        client.read_to_end();
    }
    let mut client = Client::prompted(tcp());
    client.send("wire\0 count slow-other\nwire count slow-other\n");
    client.read_to_end();
    assert_eq!(count_of("slow-other"), 0);
}

#[test]
fn l6_commands_named_like_verbs_run() {
    for name in ["user", "info", "options", "ping"] {
        assert_eq!(script(tcp(), format!("{name} /path\n")), "/path\n");
        assert_eq!(Client::prompted(tcp()).ask(&format!("{name} a")), "a\r\n");
    }
    for line in ["INFO", "OPTIONS", "GET key", "HELP"] {
        assert!(script(tcp(), format!("{line}\n")).contains("unknown command"), "{line}");
    }
}

#[test]
fn a_command_named_get_runs() {
    assert_eq!(script(tcp(), "get /path\n"), "/path\n");
    assert_eq!(Client::prompted(tcp()).ask("get /path"), "/path\r\n");
}
