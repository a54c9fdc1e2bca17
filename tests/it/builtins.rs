//! The console's own commands, as an operator sees them.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use backdoor_runtime::{Backdoor, Choice, backdoor_command};

use crate::gate::gate;
use crate::operator::{Operator, console};

#[derive(Choice)]
enum Level {
    /// Only what breaks
    Error,
    /// What may break
    Warn,
    Info,
}

/// Set the log level of one target
///
/// Lasts until the process exits.
#[backdoor_command(name = "builtins level", aliases("blevel"))]
fn level(
    /// Module path, such as net::tcp
    target: String,
    level: Level,
    /// How long the change lasts
    #[arg(long, default = Duration::from_secs(300))]
    for_time: Duration,
    /// Which shard
    #[arg(long, range = 0..=63, complete = shards)]
    shard: Option<u8>,
    /// Also drop cached filters
    flush: bool,
    #[arg(rest)] reason: Option<String>,
) {
    drop((target, level as u8, for_time, shard, flush, reason));
}

fn shards(so_far: &str) -> Vec<String> {
    assert_eq!(thread::current().name(), Some("backdoor-ask"));
    ["1", "10", "2", "a b"]
        .iter()
        .filter(|shard| shard.starts_with(so_far))
        .map(ToString::to_string)
        .collect()
}

/// Begin again
#[backdoor_command(name = "builtins restart", dangerous)]
fn restart(
    #[arg(complete = panics)] one: Option<String>,
    #[arg(long, complete = hangs)] two: Option<String>,
) {
    drop((one, two));
}

fn panics(_: &str) -> Vec<String> {
    panic!("in a provider");
}

fn hangs(_: &str) -> Vec<String> {
    gate("builtins completion").block();
    vec!["late".to_owned()]
}

fn run(line: &str) -> String {
    Backdoor::testing().run(line).text
}

#[test]
fn help_of_a_command() {
    let help = run("help builtins level");
    let declared = help.lines().last().unwrap();
    assert!(declared.starts_with("may change the service; declared at tests/it/builtins.rs:"), "{declared}");
    assert!(declared.ends_with(" in it"), "{declared}");
    assert_eq!(
        help.strip_suffix(&format!("{declared}\n")).unwrap(),
        "\
usage: builtins level <target> <level> [--for-time <duration>] [--shard <0..=63>] [--flush] [<reason...>]

Set the log level of one target

Lasts until the process exits.

  <target>               Module path, such as net::tcp (text, required)
  <level>                (required)
                           error  Only what breaks
                           warn   What may break
                           info
  --for-time <duration>  How long the change lasts (default 5m)
  --shard <0..=63>       Which shard
  --flush                Also drop cached filters
  <reason...>            (text)

also: blevel
"
    );
    assert_eq!(run("help blevel"), help);
    assert_eq!(run("help args_hidden secret"), run("help args-hidden secret"));
}

#[test]
fn help_of_a_group() {
    assert_eq!(
        run("help builtins"),
        "  builtins level    Set the log level of one target\n  builtins restart  Begin again (dangerous)\n"
    );
}

#[test]
fn help_lists_groups_apart() {
    let help = run("help");
    let blocks: Vec<&str> = help.split("\n\n").collect();
    let first = |block: &str| block.split_whitespace().next().unwrap_or_default().to_owned();
    let group = blocks.iter().find(|block| first(block) == "builtins").expect("a block of its own");
    assert!(group.lines().all(|line| line.starts_with("  builtins ")), "{group}");
    assert!(blocks.iter().any(|block| block.starts_with("Something wrong?\n  hangs ")), "{help}");
    // `nc` does not tell its width.
    let topics =
        "topics: console, doctor, locks, logs, objects, profile, resources, tasks,\n        threads, vars\n";
    assert!(help.contains(topics), "{help}");
    assert!(
        help.ends_with("`help all` lists all commands, `help NAME` explains one, `--json` gives data\n"),
        "{help}"
    );
    let all = run("help all");
    let of_console = all.split("\n\n").find(|block| block.starts_with("console\n")).unwrap();
    let names = of_console.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    let wanted = ["commands", "help", "kill", "quit", "running", "uptime", "version", "who"];
    assert_eq!(names.collect::<Vec<_>>(), wanted, "{all}");
    for line in Backdoor::testing().width(60).run("help").text.lines().filter(|line| line.starts_with("  ")) {
        assert!(line.chars().count() <= 60, "{line}");
    }
}

#[test]
fn help_of_a_topic() {
    let help = run("help console");
    assert!(help.starts_with("Built-in commands about console:\n  commands  List every command"), "{help}");
    assert!(!help.contains("  complete "), "it is hidden");
    assert!(help.ends_with("  who       List the connected sessions\n"), "{help}");
    assert!(run("help uptime").ends_with("\nsee also: commands, help, kill, quit, running, version, who\n"));
}

#[test]
fn every_topic_of_help_has_its_commands() {
    let commands = Backdoor::testing().run("commands --json").text;
    let commands: serde_json::Value = serde_json::from_str(&commands).unwrap();
    let mut topics: BTreeMap<String, usize> = BTreeMap::new();
    for command in commands.as_array().unwrap() {
        if let Some(topic) = command["topic"].as_str() {
            *topics.entry(topic.to_owned()).or_default() += 1;
        }
    }
    let topics: Vec<String> = topics.iter().map(|(topic, count)| format!("{topic} {count}")).collect();
    assert_eq!(
        topics.join(", "),
        "console 9, doctor 1, locks 2, logs 6, objects 2, profile 2, resources 11, tasks 4, threads 2, vars 7"
    );
}

#[test]
fn help_searches_names_and_texts() {
    assert_eq!(
        run("help cached filters"),
        "Commands that mention `cached filters`:\n  builtins level  Set the log level of one target\n"
    );
    assert!(run("help LOG LEVEL").contains("builtins level"));
    assert_eq!(run("help uptiem"), "no command mentions `uptiem`; did you mean `uptime`?\n");
    assert_eq!(run("help xyzzy"), "no command mentions `xyzzy`; `help all` lists all commands\n");
}

#[test]
fn version_and_uptime() {
    let backdoor = console().version("1.2.3").start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let version = operator.asks("version");
    for line in ["service   t\n", "version   1.2.3\n", "panic     unwind\n"] {
        assert!(version.contains(line), "{version}");
    }
    assert!(version.contains(&format!("pid       {}\n", std::process::id())), "{version}");
    let uptime = operator.asks("uptime");
    assert!(uptime.ends_with("s\n"), "{uptime}");
}

#[test]
fn who_is_connected() {
    let backdoor = console().start().unwrap();
    let _first = Operator::new(&backdoor);
    let who = Operator::new(&backdoor).asks("who");
    let header = who.lines().next().unwrap();
    let columns: Vec<&str> = header.split_whitespace().collect();
    assert_eq!(columns, ["session", "peer", "kind", "connected", "idle", "running"]);
    assert_eq!(who.lines().count(), 3, "{who}");
    assert!(who.lines().nth(2).unwrap().ends_with("  who"), "{who}");
}

#[test]
fn the_catalogue_lists_all_commands() {
    let commands: serde_json::Value = serde_json::from_str(&run("commands --json")).unwrap();
    let find =
        |name: &str| commands.as_array().unwrap().iter().find(|command| command["name"] == name).unwrap();
    let level = find("builtins level");
    assert_eq!(level["crate"], "it");
    assert_eq!(level["effect"], "changes");
    assert_eq!(level["parameters"][2]["default"], "5m");
    assert_eq!(level["parameters"][3]["range"], "0..=63");
    assert_eq!(level["parameters"][1]["choices"], serde_json::json!(["error", "warn", "info"]));
    assert_eq!(find("complete")["hidden"], true);
    assert!(run("commands").lines().next().unwrap().starts_with("effect"));
}

#[test]
fn exit_and_quit_leave_the_session() {
    let backdoor = console().start().unwrap();
    for line in ["exit", "quit"] {
        let mut operator = Operator::new(&backdoor);
        operator.types(line);
        let end = String::from_utf8(operator.0.read_to_end()).unwrap();
        assert!(end.ends_with("goodbye\r\n"), "{end:?}");
    }
    assert!(Operator::new(&backdoor).asks("uptime").ends_with("s\n"));
}

/// Checks a line and the completions of its last word.
#[track_caller]
fn completes(line: &str, expected: &[&str]) {
    let value = Backdoor::testing().run(&format!("complete {line}")).value;
    let words: Vec<&str> = value.as_list().unwrap().iter().filter_map(|row| row["word"].as_str()).collect();
    assert_eq!(words, expected, "{line}");
}

#[test]
fn completion() {
    completes("upt", &["uptime"]);
    completes("builtins ", &["level", "restart"]);
    completes("builtins re", &["restart"]);
    completes("help builtins re", &["restart"]);
    completes("help upt", &["uptime"]);
    completes("builtins level t ", &["error", "info", "warn"]);
    completes("builtins level t w", &["warn"]);
    completes("blevel t e", &["error"]);
    completes("builtins level --f", &["--flush", "--for-time"]);
    completes("builtins level --flush --f", &["--for-time"]);
    completes("builtins level --shard ", &["'a b'", "1", "10", "2"]);
    completes("builtins level --shard 1", &["1", "10"]);
    completes("builtins level --shard=1", &["--shard=1", "--shard=10"]);
    completes("builtins level --shard 1 t i", &["info"]);
    completes("builtins level -- --f", &[]);
    completes("xyzzy ", &[]);
    completes("builtins level 'open", &[]);
    completes("args options --no", &["--no-colour"]);
    completes("args bo", &["both"]);
    completes("args both ", &["inner"]);
    completes("sys ", &["get"]);
}

#[test]
fn a_failing_completion_provider_is_skipped() {
    completes("builtins restart ", &[]);
    completes("builtins restart --two ", &[]);
}
