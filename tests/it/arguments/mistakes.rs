//! Every error in the words of a line, and its message.

use backdoor_runtime::{Backdoor, Status};

use super::{OPTIONS, check, refuses, takes};

#[test]
fn invalid_values_are_named() {
    let usage = "usage: args numbers [--int <number>] [--byte <number>] [--float <decimal>]";
    let wrong = |line: &str, carets: &str, message: &str| refuses(line, carets, &[message, usage]);
    wrong("args numbers --byte 256", "                    ^^^", "--byte: 256 is out of range 0..=255");
    wrong("args numbers --byte -1", "                    ^^", "--byte: -1 is out of range 0..=255");
    wrong("args numbers --byte 0x", "                    ^^", "--byte: `0x` has no digits after `0x`");
    wrong("args numbers --byte 12abc", "                    ^^^^^", "--byte: `12abc` is not a whole number");
    wrong("args numbers --byte=12abc", "                    ^^^^^", "--byte: `12abc` is not a whole number");
    wrong("args numbers --byte ''", "                    ^^", "--byte: an empty word is not a number");
    wrong("args numbers --byte=", "                    ^", "--byte: an empty word is not a number");
    wrong(
        "args numbers --int 9223372036854775808",
        "                   ^^^^^^^^^^^^^^^^^^^",
        "--int: 9223372036854775808 is out of range -9223372036854775808..=9223372036854775807",
    );
    wrong(
        "args numbers --byte _1",
        "                    ^^",
        "--byte: `_1` is not a whole number: `_` goes between digits",
    );
    takes("args numbers --int 1_000 --byte 0b1010 --float -1.5e3", "Some(1000) Some(10) Some(-1500.0)");
    refuses(
        "args places verbos 1",
        "            ^^^^^^",
        &["level: `verbos` is not one of error, warn, info", "usage: args places <level> <count> [<path>]"],
    );
    refuses(
        "args places inof 1",
        "            ^^^^",
        &[
            "level: `inof` is not one of error, warn, info; did you mean `info`?",
            "usage: args places <level> <count> [<path>]",
        ],
    );
    refuses(
        "args required --size 1 --shard 900",
        "                               ^^^",
        &["--shard: 900 is out of range 0..=63", "usage: args required --size <size> --shard <0..=63>"],
    );
    // A number beyond the type gets the same message as one beyond the range.
    refuses(
        "args required --size 1 --shard 900000000000000000000000",
        "                               ^^^^^^^^^^^^^^^^^^^^^^^^",
        &[
            "--shard: 900000000000000000000000 is out of range 0..=63",
            "usage: args required --size <size> --shard <0..=63>",
        ],
    );
    refuses(
        "args many 1 10",
        "            ^^",
        &["digits: 10 is out of range 1..=9", "usage: args many [<digits>...]"],
    );
}

#[test]
fn missing_and_surplus_words_are_named() {
    let places = "usage: args places <level> <count> [<path>]";
    refuses("args places", "           ^", &["missing arguments <level> <count>", places]);
    refuses("args places info", "                ^", &["missing argument <count>", places]);
    refuses(
        "args places info 1 a b",
        "                     ^",
        &["unexpected argument `b`; the command takes at most 3", places],
    );
    refuses(
        "args none x",
        "          ^",
        &["unexpected argument `x`; the command takes none", "usage: args none"],
    );
    refuses("args say", "        ^", &["missing argument <text...>", "usage: args say <text...>"]);
    refuses(
        "args required --size 1",
        "                      ^",
        &["missing argument --shard <0..=63>", "usage: args required --size <size> --shard <0..=63>"],
    );
    let line = format!("args many{}", " 1".repeat(65));
    let answer = Backdoor::testing().run(&line);
    assert_eq!(answer.error.as_deref(), Some("a command takes at most 64 words"));
    takes(&format!("args many{}", " 1".repeat(64)), &format!("[{}]", vec!["1"; 64].join(", ")));
}

#[test]
fn wrong_options_are_named() {
    let wrong = |line: &str, carets: &str, message: &str| refuses(line, carets, &[message, OPTIONS]);
    wrong("args options --bi 4", "             ^^^^", "unknown option `--bi`; did you mean `--by`?");
    wrong("args options --bi=4", "             ^^^^^^", "unknown option `--bi`; did you mean `--by`?");
    wrong(
        "args options --no-color",
        "             ^^^^^^^^^^",
        "unknown option `--no-color`; did you mean `--no-colour`?",
    );
    wrong(
        "args options --xyzzy",
        "             ^^^^^^^",
        "unknown option `--xyzzy`; write `-- --xyzzy` if it is a value",
    );
    wrong("args options -x", "             ^^", "unknown option `-x`; write `-- -x` if it is a value");
    wrong("args options -vx", "             ^^^", "unknown option `-x`; write `-- -vx` if it is a value");
    wrong("args options --by 1 -n 2", "                    ^^", "--by is given twice");
    wrong("args options --by 1 --by=2", "                    ^^^^^^", "--by is given twice");
    wrong("args options --by", "             ^^^^", "--by needs a value: -n|--by <number>");
    wrong("args options -vn", "             ^^^", "--by needs a value: -n|--by <number>");
    wrong("args options --by --force", "             ^^^^", "--by needs a value: -n|--by <number>");
    wrong("args options --force=yes", "             ^^^^^^^^^^^", "--force is a flag and takes no value");
    wrong("args options -f=yes", "             ^^^^^^", "--force is a flag and takes no value");
    wrong(
        "args options --no-force=yes",
        "             ^^^^^^^^^^^^^^",
        "--no-force is a flag and takes no value",
    );
    wrong("args options extra", "             ^^^^^", "unexpected argument `extra`; the command takes none");
}

#[test]
fn open_quotes_are_named() {
    refuses(
        "args many 'abc",
        "          ^^^^",
        &[
            "this `'` is never closed; add `'`, or write `\\'` for the character",
            "usage: args many [<digits>...]",
        ],
    );
    refuses(
        "args 'x",
        "     ^^",
        &["this `'` is never closed; add `'`, or write `\\'` for the character", "usage: args"],
    );
    let answer = Backdoor::testing().run("'x");
    assert_eq!(answer.status, Status::Usage);
}

#[test]
fn unknown_commands_get_a_suggestion() {
    refuses("uptiem", "^^^^^^", &["unknown command `uptiem`; did you mean `uptime`?"]);
    refuses("xyzzy 1", "^^^^^", &["unknown command `xyzzy`; type `help` for the commands"]);
    refuses("'help'", "^^^^^^", &["unknown command `help`; write it without quotes"]);
    check("", "");
    check("  \t ", "");
}

#[test]
fn every_mistake_is_one_line_of_json_too() {
    for (line, error) in [
        (
            "args numbers --byte 256 --json",
            r#"{"error":{"status":"usage","message":"--byte: 256 is out of range 0..=255","range":[20,23],"usage":"args numbers [--int <number>] [--byte <number>] [--float <decimal>]"}}"#,
        ),
        (
            "uptiem --json",
            r#"{"error":{"status":"usage","message":"unknown command `uptiem`; did you mean `uptime`?","range":[0,6]}}"#,
        ),
        (
            "args none --json x",
            r#"{"error":{"status":"usage","message":"unexpected argument `x`; the command takes none","range":[17,18],"usage":"args none"}}"#,
        ),
    ] {
        takes(line, error);
    }
}
