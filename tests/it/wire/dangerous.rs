//! Commands with a confirmation: who may confirm, and which line is an answer.

use crate::client::{Client, script};
use crate::wire::{count_of, tcp, unix};

const QUESTION: &str = "`wire drop` is dangerous. Type yes to run it: ";

#[test]
fn yes_runs_it_and_anything_else_does_not() {
    let mut client = Client::prompted(tcp());
    for (answer, result) in [
        ("no", "refused: `wire drop` was not run; only `yes` confirms it\r\n"),
        ("", "refused: `wire drop` was not run; only `yes` confirms it\r\n"),
        ("YES", "refused: `wire drop` was not run; only `yes` confirms it\r\n"),
        ("wire drop asked", "refused: `wire drop` was not run; only `yes` confirms it\r\n"),
        ("yes", "1\r\n"),
        (" yes ", "2\r\n"),
    ] {
        client.send("wire drop asked\r\n");
        assert_eq!(client.expect(QUESTION), QUESTION);
        assert_eq!(client.ask(answer), result, "{answer:?}");
    }
    client.expect_nothing();
    assert_eq!(count_of("asked"), 2);
}

#[test]
fn an_earlier_line_does_not_answer_a_question() {
    let mut client = Client::prompted(tcp());
    client.send("wire drop early\r\nyes\r\nwire count early\r\n");
    let text = client.expect(QUESTION);
    assert!(
        text.contains("`yes` was typed before the question, so it is not the answer; it was not run\r\n"),
        "{text}"
    );
    assert!(text.contains("`wire count early` was typed before the question"), "{text}");
    assert_eq!(client.ask("no"), "refused: `wire drop` was not run; only `yes` confirms it\r\n");
    assert_eq!(count_of("early"), 0);
}

/// Only the part that fitted was read before the question, and the rest answered it.
#[test]
fn regression_no_line_of_a_long_paste_answers() {
    let mut client = Client::prompted(tcp());
    let paste = format!("wire drop paste\r\n{}", "yes\r\n".repeat(20_000));
    // It does not fit into the session's queue or into a single read.
    client.send(paste);
    client.expect(QUESTION);
    let rest = client.ask("no");
    assert!(rest.contains("`wire drop` was not run; only `yes` confirms it\r\n"), "{rest}");
    assert_eq!(count_of("paste"), 0);
}

#[test]
fn an_unfinished_earlier_line_does_not_answer() {
    let mut client = Client::prompted(tcp());
    client.send("wire drop begun-early\r\nye");
    client.expect(QUESTION);
    assert!(client.ask("s").contains("only `yes` confirms it"));
    assert_eq!(count_of("begun-early"), 0);
}

#[test]
fn ctrl_c_is_no_answer_and_the_next_line_runs() {
    let mut client = Client::prompted(tcp());
    client.send("wire drop interrupted\r\n");
    client.expect(QUESTION);
    client.send(b"\xff\xf4\xff\xfd\x06wire echo a\r\n");
    client.expect(b"\xff\xfb\x06");
    assert!(client.answer().ends_with("interrupted; the command was not run\r\n"));
    // It was taken for the answer, and lost.
    assert!(client.answer().ends_with("a\r\n"));
    assert_eq!(count_of("interrupted"), 0);
}

#[test]
fn the_end_of_input_is_no_answer() {
    let mut client = Client::prompted(tcp());
    client.send("wire drop ended\r\n");
    client.expect(QUESTION);
    client.send(b"\x04");
    let text = String::from_utf8(client.read_to_end()).unwrap();
    assert!(text.ends_with("refused: `wire drop` was not run; no answer came\r\n"), "{text:?}");

    // Here the end of input precedes the question.
    let mut client = Client::prompted(tcp());
    client.send(b"wire drop ended\r\n\x04");
    let text = String::from_utf8(client.read_to_end()).unwrap();
    assert!(text.ends_with("refused: `wire drop` was not run; no answer came\r\n"), "{text:?}");
    assert_eq!(count_of("ended"), 0);
}

#[test]
fn a_script_needs_its_yes_and_over_tcp_telnet_too() {
    let unasked = "refused: `wire drop` is dangerous and no operator can be asked; add `--yes`\n";
    assert_eq!(script(unix(), "wire drop script\n"), unasked);
    // A confirmation without effect is not suggested first.
    for line in ["wire drop script\n", "wire drop script --yes\n"] {
        let untrusted = script(tcp(), line);
        let start = "refused: `wire drop` is dangerous and no operator can be asked. Over TCP, `--yes` is accepted only from";
        assert!(untrusted.starts_with(start), "{untrusted}");
    }
    assert_eq!(count_of("script"), 0);
    assert_eq!(script(unix(), "wire drop script --yes\n"), "1\n");

    let mut client = Client::connect(tcp());
    client.send(b"\xff\xf1wire drop script --yes\r\n");
    client.expect("2\r\n");
    let mut client = Client::prompted(tcp());
    client.send(b"\xff\xf1wire drop script --yes\r\n");
    assert_eq!(client.expect("3\r\n").matches('?').count(), 0);
    assert_eq!(count_of("script"), 3);
}

/// A telnet client that closed its sending half was taken for disconnected: its commands were neither finished nor shown.
#[test]
fn regression_a_telnet_script_gets_its_answers() {
    let mut client = Client::connect(tcp());
    client
        .send(b"\xff\xf1wire drop half-closed --yes\r\nwire flood 20000\r\nwire drop half-closed --yes\r\n");
    client.close_write();
    let text = String::from_utf8_lossy(&client.read_to_end()).into_owned();
    assert!(text.contains("end of flood"));
    assert!(text.trim_end_matches("test> ").ends_with("2\r\n"), "{:?}", &text[text.len() - 100..]);
}
