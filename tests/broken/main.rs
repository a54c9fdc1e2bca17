//! Wrong commands in a binary of their own: one report names all errors, with file and line.

use std::sync::atomic::AtomicBool;

use backdoor_runtime::{
    Backdoor, Error, Session, State, Status, backdoor_command, backdoor_var, check_commands,
};

// A crate without commands (author A16).
backdoor_runtime::commands_of!(tests);

/// A state that no builder gets.
#[derive(Clone)]
struct Pool;

/// A state that the builder gets.
#[derive(Clone)]
struct Name(&'static str);

#[backdoor_command(name = "twice")]
fn once() {}

#[backdoor_command(name = "again", aliases("twice"))]
fn again() {}

#[backdoor_command(name = "group")]
fn group(word: String) -> String {
    word
}

#[backdoor_command(name = "other", aliases("group by-alias"))]
fn other() {}

#[backdoor_command(name = "hidden-group")]
fn hidden_group(#[arg(rest)] word: String) -> String {
    word
}

#[backdoor_command(name = "hidden-group member", hidden)]
fn hidden_member() {}

#[backdoor_command(name = "options")]
fn options(colour: bool, #[arg(long = "no-colour")] never: Option<u8>, #[arg(short)] colourless: bool) {
    let _ = (colour, never, colourless);
}

#[backdoor_command(name = "needs pool")]
fn needs_pool(State(_): State<Pool>, _session: Session) {}

#[backdoor_command(name = "needs name")]
fn needs_name(State(name): State<Name>) -> &'static str {
    name.0
}

#[backdoor_command(name = "takes-help", aliases("exit now"))]
fn takes_help() {}

/// The service's own idea of who is there
#[backdoor_command(name = "who", reads)]
fn who() -> &'static str {
    "nobody"
}

/// The service's uptime, by alias
#[backdoor_command(name = "up", aliases("uptime"), reads)]
fn up() -> &'static str {
    "long"
}

/// The lines of a report, with the line numbers of this file as `LINE`.
fn lines(report: impl ToString) -> Vec<String> {
    let mask = |line: &str| {
        let mut masked = String::new();
        let mut parts = line.split("main.rs:");
        masked.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let number = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            assert!(number > 0, "no line number in {line}");
            masked.push_str("main.rs:LINE");
            masked.push_str(&part[number..]);
        }
        masked
    };
    report.to_string().lines().map(mask).collect()
}

const WITHOUT_STATE: [&str; 7] = [
    "command \"exit now\" cannot have this name: `exit` is reserved (tests/broken/main.rs:LINE)",
    "command \"group\" takes positional arguments and is also a group: rename one (tests/broken/main.rs:LINE)",
    "command \"hidden-group\" takes positional arguments and is also a group: rename one (tests/broken/main.rs:LINE)",
    "command \"options\" has two parameters for `--no-colour`: rename one (tests/broken/main.rs:LINE)",
    "no command of `tests` or variable is linked in: check its features, or remove it from `commands_of!` (tests/broken/main.rs:LINE)",
    "command \"twice\" is declared twice: tests/broken/main.rs:LINE and tests/broken/main.rs:LINE",
    "variable \"twice-held\" is declared twice: tests/broken/main.rs:LINE and tests/broken/main.rs:LINE",
];

#[backdoor_var]
static TWICE_HELD: AtomicBool = AtomicBool::new(true);

#[backdoor_var(name = "twice-held")]
static HELD_AGAIN: AtomicBool = AtomicBool::new(true);

#[test]
fn check_commands_reports_problems_without_state() {
    assert_eq!(lines(check_commands().unwrap_err()), WITHOUT_STATE);
}

/// `check_commands().unwrap()` printed `MissingState { name: ..` eleven times (newcomer 1.3).
#[test]
fn problems_that_are_unwrapped_read_as_sentences() {
    let problems = check_commands().unwrap_err();
    assert_eq!(format!("{problems:?}"), problems.to_string());
    let error = Error::Commands(problems.clone());
    assert_eq!(format!("{error:?}"), format!("the commands cannot be served:\n{problems}"));
}

#[test]
fn the_builder_reports_missing_states_too() {
    let mut expected = WITHOUT_STATE.to_vec();
    let missing = "command \"needs pool\" needs State<Pool>, but the builder has none: add .state(..) (tests/broken/main.rs:LINE)";
    expected.insert(3, missing);
    let builder = || Backdoor::builder("broken").state(Name("n"));
    assert_eq!(lines(builder().check().unwrap_err()), expected);
    let Err(Error::Commands(problems)) = builder().listen("0").start() else { panic!("it started") };
    assert_eq!(lines(&problems), expected);
    let places: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let line = format!("tests/broken/main.rs:{}", line_of("#[backdoor_command(name = \"needs pool\")]"));
    assert!(places.iter().any(|problem| problem.contains(&line)), "{places:?} has no {line}");
    assert!(builder().listen("0").start_or_warn().addresses().is_empty());
}

fn line_of(text: &str) -> usize {
    include_str!("main.rs").lines().position(|line| line == text).map_or(0, |at| at + 1)
}

#[test]
fn an_authors_name_wins_over_a_built_in() {
    let console = Backdoor::testing().state(Name("shop"));
    assert_eq!(console.run("who").text, "nobody\n");
    assert_eq!(console.run("uptime").text, "long\n");
    assert_eq!(console.run("sys who").status, Status::Done);
    assert_ne!(console.run("sys uptime").text, "long\n");
    let help = console.run("help all").text;
    assert!(help.contains(" sys who "), "{help}");
    let about = console.run("help console").text;
    assert!(about.contains("(built-in; the service has its own command of that name)"), "{about}");
    assert!(console.run("help who").text.contains("The service's own idea"));
    assert!(console.run("help sys who").text.contains("connected sessions"));
    assert!(console.run("quit").text.contains("goodbye"));
    assert!(console.run("exit").text.contains("goodbye"));
}

#[test]
fn a_state_is_handed_out_by_clone() {
    assert_eq!(Backdoor::testing().state(Name("shop")).run("needs name").text, "shop\n");
    assert_eq!(
        Backdoor::testing().run("needs name").text,
        "refused: the service gave the console no value for this command's state\n"
    );
}
