//! Pasted lines: from a transcript, a file, a word processor.

use crate::client::{Client, script};
use crate::wire::{count_of, tcp, unix};

#[test]
fn c29_a_pasted_transcript_runs() {
    for address in [tcp(), unix()] {
        let pasted = "test> wire echo a\n# a comment\n$ wire echo b\n  test> $ wire echo c\n\n#wire count comment\ntest>\n";
        assert_eq!(script(address, pasted), "a\nb\nc\n");
    }
    assert_eq!(count_of("comment"), 0);
}

#[test]
fn c29_the_prompt_of_another_console_is_not_dropped() {
    let answer = script(tcp(), "billing> wire count billing\n");
    assert!(answer.contains("unknown command `billing>`"), "{answer}");
    assert_eq!(count_of("billing"), 0);
}

#[test]
fn a_byte_order_mark_is_dropped() {
    assert_eq!(
        script(tcp(), "\u{feff}wire echo a\n\u{feff}# b\n\u{feff}\nwire echo \u{feff}c\n"),
        "a\n\\u{feff}c\n"
    );
}

/// The word's position in the typed line differs from that in the underlined line.
#[test]
fn a_mistake_in_a_pasted_line_is_underlined() {
    let mut client = Client::prompted(tcp());
    let answer = client.ask("test> wire ehco a");
    let shown = "  wire ehco a\r\n       ^^^^\r\n`wire` has no command `ehco`; did you mean `echo`?\r\n";
    assert!(answer.starts_with(shown), "{answer:?}");
    assert_eq!(client.ask("# only a note"), "");
    assert_eq!(client.ask("test> wire echo a"), "a\r\n");
}

#[test]
fn c22_typographic_dashes_are_named() {
    let check = |line: &str, error: &str| {
        let answer = script(tcp(), format!("{line}\n"));
        assert!(answer.contains(error), "{line}: {answer}");
    };
    check("pnt –full", "`–full` begins with an en dash; write `--full`");
    check("tasks –busy", "`–busy` begins with an en dash; write `--busy`");
    check("help —json", "`—json` begins with an em dash; write `--json`");
    check("log set shop=debug –for 5m", "`–for` begins with an en dash; write `--for`");
    check("help “log set”", "`“log`: these are typographic quotes; write \"..\"");
}

#[test]
fn a_no_break_space_separates_words() {
    assert_eq!(script(tcp(), "wire\u{a0}many\u{a0}a\u{202f}b\n"), "2\n");
}
