//! Words become values, for every kind of parameter.

mod mistakes;

use std::num::ParseIntError;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::LazyLock;
use std::time::Duration;

use backdoor_runtime::{Backdoor, ByteSize, Choice, Status, Testing, backdoor_command};

use linked as _;

/// Checks a line and the whole answer as a script reads it.
#[track_caller]
fn check(line: &str, expected: &str) {
    static CONSOLE: LazyLock<Testing> = LazyLock::new(Backdoor::testing);
    assert_eq!(CONSOLE.run(line).text, expected, "{line}");
}

/// The same for a command that succeeds with one line.
#[track_caller]
fn takes(line: &str, expected: &str) {
    check(line, &format!("{expected}\n"));
}

/// Checks a line, the position of its carets, and the messages after them.
#[track_caller]
fn refuses(line: &str, carets: &str, messages: &[&str]) {
    check(line, &format!("  {line}\n  {carets}\n{}\n", messages.join("\n")));
}

#[derive(Clone, Copy, Debug, Choice)]
enum Level {
    /// Only what breaks
    Error,
    #[choice(alias = "warning")]
    Warn,
    Info,
}

#[derive(Debug)]
#[allow(dead_code, reason = "shown by Debug")]
struct Hex(u32);

impl FromStr for Hex {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        u32::from_str_radix(text, 16).map(Self)
    }
}

#[backdoor_command(name = "args places", reads)]
fn places(level: Level, count: u8, path: Option<PathBuf>) -> String {
    format!("{level:?} {count} {path:?}")
}

#[backdoor_command(name = "args many", reads)]
fn many(#[arg(range = 1..=9)] digits: Vec<u8>) -> String {
    format!("{digits:?}")
}

#[backdoor_command(name = "args options", aliases("ao"), reads)]
fn options(
    #[arg(long, short = 'n')] by: Option<i32>,
    #[arg(long, default = Duration::from_secs(300))] for_time: Duration,
    #[arg(long)] tag: Vec<String>,
    #[arg(short = 'v')] verbose: bool,
    #[arg(short = 'f')] force: bool,
    #[arg(default = true)] colour: bool,
) -> String {
    format!("{by:?} {for_time:?} {tag:?} verbose={verbose} force={force} colour={colour}")
}

#[backdoor_command(name = "args required", reads)]
fn required(#[arg(long)] size: ByteSize, #[arg(long, range = 0..=63)] shard: u32) -> String {
    format!("{size} {shard}")
}

#[backdoor_command(name = "args rest", reads)]
fn rest(#[arg(short = 'v')] verbose: bool, key: String, #[arg(rest)] reason: Option<String>) -> String {
    format!("{verbose} {key:?} {reason:?}")
}

#[backdoor_command(name = "args say", reads)]
fn say(#[arg(rest)] text: String) -> String {
    format!("{text:?}")
}

#[backdoor_command(name = "args hex", reads)]
fn hex(
    #[arg(from_str)] one: Hex,
    #[arg(from_str)] other: Option<Hex>,
    #[arg(from_str, long)] more: Vec<Hex>,
) -> String {
    format!("{one:?} {other:?} {more:?}")
}

/// As many parameters as there may be
#[backdoor_command(name = "args wide", reads)]
#[expect(clippy::too_many_arguments, reason = "so many are what is tested")]
#[rustfmt::skip]
fn wide(
    p0: u8, p1: u8, p2: u8, p3: u8, p4: u8, p5: u8, p6: u8, p7: u8,
    p8: u8, p9: u8, p10: u8, p11: u8, p12: u8, p13: u8, p14: u8, p15: u8,
    p16: u8, p17: u8, p18: u8, p19: u8, p20: u8, p21: u8, p22: u8, p23: u8,
    p24: u8, p25: u8, p26: u8, p27: u8, p28: u8, p29: u8, p30: u8,
    last: u8,
) -> String {
    let sum = [
        p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15,
        p16, p17, p18, p19, p20, p21, p22, p23, p24, p25, p26, p27, p28, p29, p30,
    ];
    format!("{} {last}", sum.iter().map(|&one| u32::from(one)).sum::<u32>())
}

#[backdoor_command(name = "args numbers", reads)]
fn numbers(
    #[arg(long)] int: Option<i64>,
    #[arg(long)] byte: Option<u8>,
    #[arg(long)] float: Option<f64>,
) -> String {
    format!("{int:?} {byte:?} {float:?}")
}

/// Nothing to say
#[backdoor_command(name = "args none", reads)]
fn none() {}

/// A command that is a group too
#[backdoor_command(name = "args both", reads)]
fn both(#[arg(long)] all: bool) -> String {
    format!("both {all}")
}

/// A member
#[backdoor_command(name = "args both inner", reads)]
fn inner() -> &'static str {
    "inner"
}

/// A hidden member of a group with nothing else in it
#[backdoor_command(name = "args-hidden secret", reads, hidden)]
fn secret() -> &'static str {
    "secret"
}

/// How long is the default of the service
#[backdoor_command(name = "args defaults", reads)]
fn defaults(
    /// How much
    #[arg(default = 10)]
    count: u32,
    #[arg(default = Level::Warn)] level: Level,
    #[arg(default = "a b".to_owned())] text: String,
    #[arg(long, default = ByteSize(64 << 20))] size: ByteSize,
    #[arg(long, default = vec![1, 2])] shards: Vec<u8>,
) -> String {
    format!("{count} {level:?} {text:?} {size} {shards:?}")
}

const OPTIONS: &str = "usage: args options [-n|--by <number>] [--for-time <duration>] [--tag <text>]... [-v|--verbose] [-f|--force] [--no-colour]";

#[test]
fn by_place() {
    takes("args places info 4", "Info 4 None");
    takes("  args   places\tinfo  4   /tmp ", "Info 4 Some(\"/tmp\")");
    takes("args places warning 4 '/a b'", "Warn 4 Some(\"/a b\")");
    takes("args places \"warn\" \"4\" a\\ b", "Warn 4 Some(\"a b\")");
    takes("args many", "[]");
    takes("args many 1 2 3", "[1, 2, 3]");
    takes("args places info 0x1F -- -x", "Info 31 Some(\"-x\")");
    takes("args places -- info 1", "Info 1 None");
    takes("args places info 1_0 '-x'", "Info 10 Some(\"-x\")");
    takes("args places info 1 -", "Info 1 Some(\"-\")");
    takes("args places info 1 ''?", "Info 1 Some(\"?\")");
}

#[test]
fn by_name() {
    let none = "300s [] verbose=false force=false colour=true";
    for by in ["-n 4", "-n4", "-n=4", "--by 4", "--by=4", "--by 0x4", "--by '4'", "--by=\"4\"", "-n'4'"] {
        takes(&format!("args options {by}"), &format!("Some(4) {none}"));
    }
    takes("args options", &format!("None {none}"));
    takes("args options -n -4", &format!("Some(-4) {none}"));
    takes("args options -n-4", &format!("Some(-4) {none}"));
    takes("args options --by -4", &format!("Some(-4) {none}"));
}

#[test]
fn flags() {
    let flags = |line: &str, set: &str| takes(line, &format!("None 300s [] {set}"));
    flags("args options -v", "verbose=true force=false colour=true");
    flags("args options -vf", "verbose=true force=true colour=true");
    flags("args options --verbose --force", "verbose=true force=true colour=true");
    flags("args options --no-colour", "verbose=false force=false colour=false");
    flags("args options --colour", "verbose=false force=false colour=true");
    flags("args options --no-colour --colour", "verbose=false force=false colour=true");
    flags("args options -v --no-verbose", "verbose=false force=false colour=true");
    takes("args options -vn4", "Some(4) 300s [] verbose=true force=false colour=true");
    takes("args options -fvn 4", "Some(4) 300s [] verbose=true force=true colour=true");
}

#[test]
fn repeated_options_and_alike_names() {
    takes(
        "args options --tag a --tag=b --tag 'c d' --for_time 1h30m",
        "None 5400s [\"a\", \"b\", \"c d\"] verbose=false force=false colour=true",
    );
    takes("args options --tag= --tag ''", "None 300s [\"\", \"\"] verbose=false force=false colour=true");
    takes("ao --no_colour", "None 300s [] verbose=false force=false colour=false");
    takes("args required --size 64KiB --shard 3", "64KiB 3");
}

#[test]
fn the_tail_is_passed_byte_for_byte() {
    takes("args say it's  \"two\"  words\\", r#""it's  \"two\"  words\\""#);
    takes("args say don't", "\"don't\"");
    takes("args say  'quoted'", "\"'quoted'\"");
    takes("args say 4 --json -x --help ?", "\"4 --json -x --help ?\"");
    takes("args say -- --json", "\"--json\"");
    takes("args say -- --unknown -x", "\"--unknown -x\"");
    takes("args say -- -- x", "\"-- x\"");
    takes("args say '--unknown'", "\"'--unknown'\"");
    takes("args say -5", "\"-5\"");
    takes("args say - x", "\"- x\"");
    takes("args say grüße\u{3000}漢字", "\"grüße\\u{3000}漢字\"");
    takes("args rest k", "false \"k\" None");
    takes("args rest k since it's  old", "false \"k\" Some(\"since it's  old\")");
    takes("args rest -v k it's", "true \"k\" Some(\"it's\")");
    takes("args rest k -v it's", "true \"k\" Some(\"it's\")");
    takes("args rest k it's -v", "false \"k\" Some(\"it's -v\")");
    let long = "word ".repeat(200);
    takes(&format!("args say {long}end"), &format!("\"{long}end\""));
}

/// It was taken as part of the text, without a message (newcomer 1.2 f).
#[test]
fn regression_unknown_option_before_a_raw_tail_is_an_error() {
    refuses(
        "args say --unknown",
        "         ^^^^^^^^^",
        &["unknown option `--unknown`; write `-- --unknown` if it is a value", "usage: args say <text...>"],
    );
    refuses(
        "args rest k --verbos it is slow",
        "            ^^^^^^^^",
        &[
            "unknown option `--verbos`; did you mean `--verbose`?",
            "usage: args rest [-v|--verbose] <key> [<reason...>]",
        ],
    );
    refuses(
        "args rest k -vxyz",
        "            ^^^^^",
        &[
            "unknown option `-x`; write `-- -vxyz` if it is a value",
            "usage: args rest [-v|--verbose] <key> [<reason...>]",
        ],
    );
    takes("args rest k -- -vxyz", "false \"k\" Some(\"-vxyz\")");
    takes("args rest k it --verbos", "false \"k\" Some(\"it --verbos\")");
}

#[test]
fn through_from_str() {
    takes("args hex ff", "Hex(255) None []");
    takes("args hex ff a --more 1 --more=2", "Hex(255) Some(Hex(10)) [Hex(1), Hex(2)]");
    refuses(
        "args hex ff x",
        "            ^",
        &["other: invalid digit found in string", "usage: args hex <one> [<other>] [--more <value>]..."],
    );
}

#[test]
fn defaults_are_used_and_shown_as_typed() {
    takes("args defaults", "10 Warn \"a b\" 64MiB [1, 2]");
    takes("args defaults 3 info x --size 1KiB --shards 7", "3 Info \"x\" 1KiB [7]");
    let help = Backdoor::testing().run("help args defaults").text;
    for default in ["default 10", "default warn", "default 'a b'", "default 64MiB", "default 1 2"] {
        assert!(help.contains(default), "{default} in\n{help}");
    }
    let help = Backdoor::testing().run("args options --help").text;
    assert!(help.contains("default 5m"), "{help}");
}

#[test]
fn groups_grow_from_several_crates() {
    takes("args from linked", "linked");
    takes("afl", "linked");
    takes("linked say high --times 2", "LINKED LINKED");
    takes("args both", "both false");
    takes("args both --all", "both true");
    takes("args both inner", "inner");
    refuses(
        "args from",
        "         ^",
        &["`args from` is a group; it has linked", "usage: args from <linked>"],
    );
    refuses(
        "args from linkde",
        "          ^^^^^^",
        &["`args from` has no command `linkde`; did you mean `linked`?"],
    );
    refuses(
        "args both iner",
        "          ^^^^",
        &["`args both` has no command `iner`; did you mean `inner`?", "usage: args both [--all]"],
    );
}

#[test]
fn hidden_and_built_in_commands_can_be_called() {
    takes("args-hidden secret", "secret");
    takes("args_hidden secret", "secret");
    refuses("args-hidden", "^^^^^^^^^^^", &["unknown command `args-hidden`; type `help` for the commands"]);
    assert_eq!(Backdoor::testing().run("sys uptime").status, Status::Done);
}

#[test]
fn help_works_after_any_words() {
    let help = Backdoor::testing().run("help args options").text;
    assert!(help.starts_with(OPTIONS), "{help}");
    for line in [
        "args options --help",
        "args options -h",
        "args options ?",
        "ao ?",
        "args options --by 4 ?",
        "args options --by ?",
        "args options --by --help",
        "args options -vh",
        "args options --unknown --help",
    ] {
        assert_eq!(Backdoor::testing().run(line).text, help, "{line}");
    }
    let group = Backdoor::testing().run("help args").text;
    for line in ["args ?", "args --help", "args -h"] {
        assert_eq!(Backdoor::testing().run(line).text, group, "{line}");
    }
    let all = Backdoor::testing().run("help").text;
    for line in ["?", "--help", "-h"] {
        assert_eq!(Backdoor::testing().run(line).text, all, "{line}");
    }
    takes("args many -- 1", "[1]");
    takes("args places info 1 '?'", "Info 1 Some(\"?\")");
}

#[test]
fn a_command_with_32_parameters_works() {
    let words: Vec<String> = (0..32).map(|word| word.to_string()).collect();
    takes(&format!("args wide {}", words.join(" ")), "465 31");
}
