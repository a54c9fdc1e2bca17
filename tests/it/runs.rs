//! Running commands are listed, any operator can stop them, and those that do not stop take a limited number of threads.

use std::thread;
use std::time::Duration;

use backdoor_runtime::{Backdoor, Session, Status, backdoor_command};

use crate::gate::{OpensOnDrop, gate};
use crate::operator::{Operator, console};
use crate::wait::until;

/// Blocks its thread until the test lets it go, whatever it is told
#[backdoor_command(name = "runs deaf", timeout = "none")]
fn deaf(gate_name: String) {
    gate(&gate_name).block();
}

/// Asks now and then
#[backdoor_command(name = "runs polite", timeout = "1h")]
fn polite(session: Session, gate_name: String) {
    gate(&gate_name).visit();
    while !session.is_cancelled() {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Blocks the thread that views are computed on
#[backdoor_command(name = "runs view", reads, on = helper, timeout = "none")]
fn view(gate_name: String) {
    gate(&gate_name).block();
}

/// Needs a thread
#[backdoor_command(name = "runs sync", reads)]
fn sync() -> &'static str {
    "had a thread"
}

/// Needs none
#[backdoor_command(name = "runs async", reads)]
async fn asynchronous() -> &'static str {
    "had no thread"
}

/// Never ends by itself
#[backdoor_command(name = "runs endless", reads)]
async fn endless(gate_name: String) {
    gate(&gate_name).visit();
    std::future::pending::<()>().await;
}

/// Hurts
#[backdoor_command(name = "runs dangerous", dangerous)]
fn dangerous() {}

/// The row of `running` with this text. Waits for it.
#[track_caller]
fn row(operator: &mut Operator, wanted: &str) -> Option<String> {
    let answer = operator.asks("running");
    let row = answer.lines().find(|line| line.contains(wanted))?;
    Some(row.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Waits until `running` shows this.
#[track_caller]
fn expect_row(operator: &mut Operator, wanted: &str, is_right: impl Fn(Option<&str>) -> bool) {
    until(wanted, || row(operator, wanted), |row| is_right(row.as_deref()));
}

/// The number at the beginning of the row with this text.
#[track_caller]
fn number(operator: &mut Operator, wanted: &str) -> String {
    let row = row(operator, wanted).unwrap_or_else(|| panic!("{wanted} does not run"));
    row.split(' ').next().unwrap().to_owned()
}

#[test]
fn running_lists_lines_with_place_and_time() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    assert_eq!(operator.asks("running"), "(none)\n");
    let _opened = OpensOnDrop(gate("runs listed"));
    let (mut on_thread, mut on_runtime, mut asked) =
        (Operator::new(&backdoor), Operator::new(&backdoor), Operator::new(&backdoor));
    on_thread.types("runs polite 'runs listed'");
    on_runtime.types("runs endless 'runs listed'");
    asked.types("runs dangerous");
    asked.expects("Type yes to run it: ");
    gate("runs listed").wait_for_visitors(2);
    let json: serde_json::Value = serde_json::from_str(&operator.asks("running --json")).unwrap();
    let field = |line: &str, name: &str| {
        let run = json.as_array().unwrap().iter().find(|run| run["line"].as_str().unwrap().starts_with(line));
        run.unwrap_or_else(|| panic!("no {line} in {json}"))[name].clone()
    };
    assert_eq!(field("runs polite", "state"), "running");
    assert_eq!(field("runs polite", "where"), "thread");
    assert_eq!(field("runs polite", "session"), 2);
    assert_eq!(field("runs polite", "limit"), 3600);
    assert!(field("runs polite", "for").is_number());
    assert!(field("runs polite", "run").is_u64());
    assert_eq!(field("runs polite", "line"), "runs polite 'runs listed'");
    assert_eq!(field("runs endless", "where"), "runtime");
    assert_eq!(field("runs endless", "limit"), 30);
    assert_eq!(field("runs dangerous", "state"), "waiting for an answer");
    assert!(operator.asks("running").starts_with("run  session  state "));
    on_thread.interrupts();
    // On a busy machine, a notice comes first that says so.
    assert!(on_thread.reads_end().ends_with("interrupted\n"));
    assert_eq!(row(&mut operator, "runs polite"), None);
}

#[test]
fn kill_stops_a_line_and_names_the_operator() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    for line in ["runs polite", "runs endless"] {
        let name = format!("runs kill {}", &line[5..]);
        let mut other = Operator::new(&backdoor);
        other.types(&format!("{line} '{name}'"));
        gate(&name).wait_for_visitors(1);
        let run = number(&mut operator, line);
        let answer = operator.asks(&format!("kill {run}"));
        assert!(answer.starts_with(&format!("run {run}, `{line}` of session ")), "{answer}");
        assert!(answer.ends_with(", has ended\n"), "{answer}");
        assert_eq!(other.reads_end(), "killed by session 1\n");
        assert_eq!(other.asks("runs sync"), "had a thread\n");
        assert_eq!(
            operator.asks(&format!("kill {run}")),
            format!("error: no command runs with number {run}; `running` lists the numbers\n")
        );
    }
    let mut asked = Operator::new(&backdoor);
    asked.types("runs dangerous");
    asked.expects("Type yes to run it: ");
    let run = number(&mut operator, "runs dangerous");
    assert!(operator.asks(&format!("kill {run}")).ends_with(", has ended\n"));
}

#[test]
fn kill_reports_a_line_that_continues() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let opened = OpensOnDrop(gate("runs goes on"));
    let mut other = Operator::new(&backdoor);
    other.types("runs deaf 'runs goes on'");
    gate("runs goes on").wait_for_visitors(1);
    let run = number(&mut operator, "runs deaf");
    for _ in 0..2 {
        let answer = operator.asks(&format!("kill {run} --json"));
        let json: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((json["result"].as_str(), json["session"].as_u64()), (Some("stuck"), Some(2)), "{answer}");
    }
    assert_eq!(
        other.reads_end(),
        "`runs deaf` has no time limit; Ctrl-C or an empty line ends it\nkilled by session 1; `runs deaf` still runs a second later and is marked stuck\n"
    );
    let row = row(&mut operator, "runs deaf").unwrap();
    assert!(row.starts_with(&format!("{run} 2 stuck thread ")), "{row}");
    drop(opened);
    expect_row(&mut operator, "runs deaf", |row| row.is_none());
}

/// Leaves two command threads stuck, and returns the answer to a further command.
fn with_two_stuck_threads(backdoor: &Backdoor, name: &str, then: impl FnOnce(&mut Operator)) {
    let _opened = OpensOnDrop(gate(name));
    let mut operator = Operator::new(backdoor);
    for at in 1..=2 {
        let mut other = Operator::new(backdoor);
        other.types(&format!("runs deaf '{name}'"));
        gate(name).wait_for_visitors(at);
        other.interrupts();
        assert!(other.reads_end().ends_with("is marked stuck\n"));
    }
    then(&mut operator);
}

#[test]
fn two_stuck_threads_are_enough() {
    let backdoor = console().start().unwrap();
    with_two_stuck_threads(&backdoor, "runs enough", |operator| {
        let answer = operator.asks("runs sync");
        let start =
            "refused: `runs sync` needs a thread, and too many are stuck: `runs deaf` (session 2, run ";
        assert!(answer.starts_with(start), "{answer}");
        assert!(answer.contains(" s, `runs deaf` (session 3, run "), "{answer}");
        let end = " s. It can run when one of them ends; `running` lists them\n";
        assert!(answer.ends_with(end), "{answer}");
        assert_eq!(operator.asks("runs async"), "had no thread\n");
        assert!(operator.asks("help").contains("runs sync"));
        assert_eq!(operator.asks("running").matches(" stuck ").count(), 2);
        assert!(operator.asks("runs sync --json").contains(r#""status":"refused""#));
        gate("runs enough").open();
        expect_row(operator, "runs deaf", |row| row.is_none());
        assert_eq!(operator.asks("runs sync"), "had a thread\n");
    });
}

/// The limit protects from this: without it, stuck commands take the last thread.
#[test]
fn without_the_limit_stuck_commands_take_every_thread() {
    let backdoor = console().command_threads(2).stuck_threads(usize::MAX).start().unwrap();
    with_two_stuck_threads(&backdoor, "runs every", |operator| {
        operator.types("runs sync");
        operator.expects("`runs sync` waits for a thread; all are occupied by `runs deaf` (session 2, run ");
        operator.expects("Ctrl-C cancels\r\n");
        operator.interrupts();
        assert_eq!(operator.reads_end(), "interrupted\n");
    });
}

#[test]
fn a_stuck_only_thread_refuses_commands() {
    let backdoor = console().command_threads(1).start().unwrap();
    let _opened = OpensOnDrop(gate("runs one"));
    let mut other = Operator::new(&backdoor);
    other.types("runs deaf 'runs one'");
    gate("runs one").wait_for_visitors(1);
    other.interrupts();
    other.reads_end();
    assert!(other.asks("runs sync").contains("too many are stuck: `runs deaf` (session 1, run "));
}

/// Both kinds of views used one thread, so a hanging view of the author blocked `threads`, `mem` and `doctor`.
#[test]
fn regression_a_hung_author_view_does_not_block_builtins() {
    let backdoor = console().start().unwrap();
    let opened = OpensOnDrop(gate("runs view"));
    let mut other = Operator::new(&backdoor);
    other.types("runs view 'runs view'");
    gate("runs view").wait_for_visitors(1);
    let mut operator = Operator::new(&backdoor);
    assert!(operator.asks("mem").contains("resident"));
    // The author's next view reports what it waits for.
    operator.types("runs view 'runs view'");
    operator.expects(
        "`runs view` waits for the helper thread, which is occupied by `runs view` (session 1, run ",
    );
    operator.expects("`running` lists it, Ctrl-C cancels\r\n");
    operator.interrupts();
    assert_eq!(operator.reads_end(), "interrupted\n");
    drop(opened);
    const ENDLESS: &str = "`runs view` has no time limit; Ctrl-C or an empty line ends it\n";
    assert_eq!(other.reads_answer(), ENDLESS);
    assert_eq!(operator.asks("runs view 'runs view'"), ENDLESS);
}

#[test]
fn kill_of_an_unknown_number_is_an_error() {
    let answer = Backdoor::testing().run("kill 4711");
    assert_eq!(answer.status, Status::Failed);
    assert_eq!(
        answer.error.as_deref(),
        Some("no command runs with number 4711; `running` lists the numbers")
    );
    assert_eq!(Backdoor::testing().run("running").text, "(none)\n");
}
