//! `#[arg(secret)]`: the value reaches the function and is hidden everywhere else: in views, in the log, and where the console shows a line
//! again.

use std::time::Duration;

use backdoor_runtime::{Backdoor, Status, backdoor_command};

use crate::client::Client;
use crate::gate::gate;
use crate::log::Log;
use crate::operator::{Operator, console};

/// How long a client without telnet is silent before it gets its prompt.
const DETECT: Duration = Duration::from_millis(50);

/// Compares a password, for which it waits where it is asked to
#[backdoor_command(name = "secret-args login")]
fn login(
    /// Who
    user: String,
    /// The password
    #[arg(secret)]
    password: String,
    /// A number that others do not know
    #[arg(long, short, secret, range = 1000..=9999)]
    pin: Option<u32>,
    /// Waits at this gate
    #[arg(long)]
    gate: Option<String>,
) -> String {
    if let Some(name) = gate {
        crate::gate::gate(&name).block();
    }
    format!("{user}: {} letters, {}", password.len(), if pin == Some(4711) { "the pin" } else { "no pin" })
}

/// Takes a secret, and asks first
#[backdoor_command(name = "secret-args drop", dangerous)]
fn forget(#[arg(secret)] password: String) -> usize {
    password.len()
}

/// Stores a text as it stands
#[backdoor_command(name = "secret-args note")]
fn note(#[arg(rest, secret)] text: String) -> usize {
    text.len()
}

/// Panics
#[backdoor_command(name = "secret-args panic")]
fn panics(#[arg(secret)] password: String) -> usize {
    assert!(password.is_empty(), "it panics");
    0
}

fn run(line: &str) -> backdoor_runtime::Answer {
    Backdoor::testing().run(line)
}

#[test]
fn function_gets_the_secret() {
    assert_eq!(run("secret-args login bob hunter2").text, "bob: 7 letters, no pin\n");
    assert_eq!(run("secret-args login bob 'hunter 2' --pin 4711").text, "bob: 8 letters, the pin\n");
    assert_eq!(run("secret-args login bob -p4711 hunter2").text, "bob: 7 letters, the pin\n");
    assert_eq!(run("secret-args note it's hunter2").text, "12\n");
}

#[test]
fn errors_do_not_repeat_a_secret() {
    // The line as shown, with brackets around the underlined part.
    let check = |line: &str, error: &str, shown: &str| {
        let answer = run(line);
        assert_eq!((answer.status, answer.error.as_deref()), (Status::Usage, Some(error)), "{line}");
        let (before, word) = shown.split_once('[').unwrap();
        let (word, after) = word.split_once(']').unwrap();
        let (spaces, carets) = (" ".repeat(before.chars().count()), "^".repeat(word.chars().count()));
        let text = format!("  {before}{word}{after}\n  {spaces}{carets}\n");
        assert!(answer.text.starts_with(&text), "{line}:\n{}", answer.text);
        let json = run(&format!("{line} --json")).text;
        for secret in ["hunter2", "8311"] {
            assert!(!answer.text.contains(secret) && !json.contains(secret), "{line}: {}{json}", answer.text);
        }
    };
    check(
        "secret-args login bob x --pin hunter2",
        "--pin: not a valid number; the value is not shown because it is secret",
        "secret-args login bob •••• --pin [••••]",
    );
    check(
        "secret-args login bob long-hunter2 -p=83112 --gate a",
        "--pin: out of range 1000..=9999; the value is not shown because it is secret",
        "secret-args login bob •••• -p=[••••] --gate a",
    );
    check(
        "secret-args login bob a hunter2",
        "unexpected argument `••••`; the command takes at most 2",
        "secret-args login [••••]",
    );
    check(
        "secret-args login bob a --pni=8311",
        "unknown option `--pni`; did you mean `--pin`?",
        "secret-args login [••••]",
    );
    check(
        "secret-args login bob -xhunter2",
        "unknown option `-x`; write `-- ••••` if it is a value",
        "secret-args login [••••]",
    );
    check(
        "secret-args login bob –pin=8311",
        "`••••` begins with an en dash; write `--pin=••••`",
        "secret-args login [••••]",
    );
}

#[test]
fn help_and_the_catalogue_mark_secrets() {
    let help = run("help secret-args login").text;
    assert!(help.contains("The password (text, required, secret)\n"), "{help}");
    let commands: serde_json::Value = serde_json::from_str(&run("commands --json").text).unwrap();
    let commands = commands.as_array().unwrap();
    let login = commands.iter().find(|command| command["name"] == "secret-args login").unwrap();
    let secrets: Vec<&str> = (login["parameters"].as_array().unwrap().iter())
        .filter(|parameter| parameter["secret"] == true)
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    assert_eq!(secrets, ["password", "pin"]);
}

#[test]
fn views_and_the_log_show_dots() {
    let (log, _recording) = Log::record();
    let backdoor = console().warning_interval(Duration::ZERO).start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let mut other = Operator::new(&backdoor);
    operator.types("secret-args login bob hunter2 --gate secret-arguments");
    gate("secret-arguments").wait_for_visitors(1);
    let mut seen = other.asks("who") + &other.asks("running") + &other.asks("running --json");
    assert_eq!(seen.matches("secret-args login bob •••• --gate secret-arguments").count(), 3, "{seen}");
    gate("secret-arguments").open();
    seen += &operator.reads_answer();
    for line in [
        "secret-args login bob hunter2 x y",
        "secret-args lgoin bob hunter2",
        "secret-arsg login bob hunter2",
        "secret-args login bob 'hunter2",
        "secret-args login bob hunter2 --pin 1",
        "secret-args login bob hunter2 --help",
        "secret-args drop hunter2",
        "secret-args panic hunter2",
        "secret-args note x hunter2",
        "help secret-args login hunter2",
        "complete secret-args login bob hunter2",
        "t> secret-args login bob hunter2",
    ] {
        operator.types(line);
        if line == "secret-args drop hunter2" {
            operator.expects("Type yes to run it: ");
            operator.types("no");
        }
        let answer = operator.reads_answer();
        // `help` repeats unknown words to the operator who typed them.
        seen += if line.starts_with("help") { "" } else { &answer };
    }
    operator.asks("wire count secret-arguments-end");
    log.expect(&["command ended", "secret-arguments-end"]);
    log.expect(&["command begins", "line=secret-args login bob •••• --gate"]);
    log.expect(&["command ended", "line=secret-args drop ••••"]);
    log.expect(&["command ended", "line=secret-args lgoin ••••"]);
    seen += &log.lines().join("\n");
    let leaks: Vec<&str> = seen.lines().filter(|line| line.contains("hunter2")).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[test]
fn echo_of_a_pasted_line_shows_dots() {
    let backdoor = console().detect_timeout(DETECT).start().unwrap();
    let mut client = Client::connect(&backdoor.addresses()[0]);
    client.expect("t> ");
    client.send(
        "secret-args note x\r\nsecret-args login bob hunter2\r\nsecret-args login bob x --pin hunter2\r\nquit\r\n",
    );
    let text = client.expect("t> quit\r\n");
    assert!(text.contains("t> secret-args login bob ••••\r\nbob: 7 letters, no pin\r\n"), "{text}");
    let underlined =
        "t> secret-args login bob •••• --pin ••••\r\n  secret-args login bob •••• --pin ••••\r\n";
    assert!(text.contains(underlined), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn line_refused_at_a_question_shows_dots() {
    let backdoor = console().detect_timeout(DETECT).start().unwrap();
    let mut client = Client::connect(&backdoor.addresses()[0]);
    client.expect("t> ");
    client.send("secret-args drop hunter2\r\nsecret-args login bob hunter2\r\n");
    let text = client.expect("Type yes to run it: ");
    assert!(text.contains("`secret-args login bob ••••` was typed before the question"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}
