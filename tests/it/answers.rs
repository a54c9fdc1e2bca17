//! The limit of an answer: a longer one is cut between lines and has its own status, for a person, a script and the log.

use std::collections::BTreeMap;
use std::fmt;

use backdoor_runtime::{Backdoor, CommandOutput, Page, PrintError, Session, Status, Value, backdoor_command};

use crate::client::script;
use crate::operator::console;

const LIMIT: usize = 100_000;
const LINE: &str = "0123456789abcde\n";

/// Text at once
#[backdoor_command(name = "answers text", reads)]
fn text(lines: usize) -> String {
    LINE.repeat(lines)
}

/// Text that notes how much of it is asked for
#[backdoor_command(name = "answers display", reads)]
async fn display() -> Endless {
    Endless
}

struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            f.write_str(LINE)?;
        }
    }
}

/// The same by the page
#[backdoor_command(name = "answers page", reads)]
fn page() -> Pages {
    Pages
}

struct Pages;

impl CommandOutput for Pages {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        use fmt::Write;
        loop {
            page.write_str(LINE)?;
        }
    }

    fn value(&self) -> Value {
        "é".repeat(LIMIT).into()
    }
}

/// Rows at once
#[backdoor_command(name = "answers rows", reads)]
fn rows(count: usize) -> Vec<Value> {
    (0..count).map(|at| Value::record([("at", at.into()), ("text", "row".into())])).collect()
}

/// One record
#[backdoor_command(name = "answers record", reads)]
fn record() -> BTreeMap<String, usize> {
    (0..LIMIT).map(|at| (format!("field-{at:05}"), at % 10)).collect()
}

/// Items one by one, without an end
#[backdoor_command(name = "answers iterator", reads)]
fn iterator() -> impl Iterator<Item = String> {
    std::iter::repeat_with(|| "an item".to_owned())
}

/// Rows as they come, without an end
#[backdoor_command(name = "answers stream", reads)]
async fn stream() -> impl tokio_stream::Stream<Item = [(&'static str, u8); 2]> {
    tokio_stream::iter(std::iter::repeat_with(|| [("one", 1), ("two", 2)]))
}

/// Prints without an end
#[backdoor_command(name = "answers print", reads)]
fn print(session: Session) -> Result<(), PrintError> {
    loop {
        session.blocking_println("printed")?;
    }
}

/// The same, and does not care
#[backdoor_command(name = "answers careless", reads)]
async fn careless(session: Session) -> &'static str {
    for _ in 0..LIMIT {
        let _ = session.println("printed").await;
    }
    "done"
}

/// What runs until Ctrl-C
#[backdoor_command(name = "answers until-interrupted", reads, timeout = "none")]
fn until_interrupted(items: usize) -> impl Iterator<Item = String> {
    std::iter::repeat_with(|| "an item".to_owned()).take(items)
}

fn scripted(limit: usize) -> Backdoor {
    console().max_answer(limit).start().unwrap()
}

const TOO_LONG: [&str; 9] = [
    "answers text 20000",
    "answers display",
    "answers page",
    "answers rows 20000",
    "answers record",
    "answers iterator",
    "answers stream",
    "answers print",
    "answers careless",
];

/// A text whose `Display` panics before the end.
struct Breaks;

impl fmt::Display for Breaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the first half")?;
        panic!("no more")
    }
}

#[backdoor_command(name = "answers breaks", reads)]
fn breaks() -> Breaks {
    Breaks
}

#[backdoor_command(name = "answers breaks-async", reads)]
async fn breaks_async() -> Breaks {
    Breaks
}

#[backdoor_command(name = "answers breaks-in-turn", reads)]
fn breaks_in_turn() -> impl Iterator<Item = Breaks> {
    std::iter::once(Breaks)
}

#[test]
fn l14_text_before_a_panic_of_display_is_shown() {
    let console = Backdoor::testing();
    for line in ["answers breaks", "answers breaks-async", "answers breaks-in-turn"] {
        assert_eq!(console.run(line).text, "the first half\npanicked: no more\n", "{line}");
        let json = console.run(&format!("{line} --json")).text;
        let begin = r#"{"printed":"the first half","error":{"status":"panicked""#;
        assert!(json.starts_with(begin), "{line}: {json}");
    }
}

#[test]
fn an_overlong_answer_is_cut_with_its_own_status() {
    const END: &str = "truncated: the answer is longer than 100000B; the rest is left out\n";
    let backdoor = scripted(LIMIT);
    for line in TOO_LONG {
        let answer = Backdoor::testing().max_answer(LIMIT).run(line);
        assert_eq!(answer.status, Status::Truncated, "{line}");
        for text in [answer.text, script(&backdoor.addresses()[0], format!("{line}\n"))] {
            let shown =
                text.strip_suffix(END).unwrap_or_else(|| panic!("{line}: {}", &text[text.len() - 300..]));
            assert!(shown.len() <= LIMIT && shown.len() > LIMIT - 100, "{line}: {}", shown.len());
            assert!(shown.ends_with('\n'), "{line}");
            let lines: Vec<&str> = shown.lines().collect();
            let [.., before, last] = lines[..] else { panic!("{line}") };
            assert_eq!(before.len(), last.len(), "{line}: {last} is cut in the middle");
        }
    }
}

#[test]
fn an_overlong_line_of_json_stays_json() {
    let backdoor = scripted(LIMIT);
    for line in TOO_LONG {
        let answer = Backdoor::testing().max_answer(LIMIT).run(&format!("{line} --json"));
        assert_eq!(answer.status, Status::Truncated, "{line}");
        for text in [answer.text, script(&backdoor.addresses()[0], format!("{line} --json\n"))] {
            assert_eq!(text.lines().count(), 1, "{line}: {}", &text[text.len() - 300..]);
            assert!(text.len() < 2 * LIMIT, "{line}: {}", text.len());
            let json: Value = Value::of(&serde_json::from_str::<serde_json::Value>(&text).expect(line));
            let error = match json.as_list() {
                Some(items) => {
                    assert!(items.len() > 1000, "{line}: {}", items.len());
                    items[items.len() - 1]["error"].clone()
                }
                None => json["error"].clone(),
            };
            assert_eq!(error["status"], "truncated", "{line}");
        }
    }
}

/// The limit protects from this: an endless command would never end.
#[test]
fn without_the_limit_a_long_answer_is_whole() {
    let testing = Backdoor::testing().max_answer(usize::MAX);
    for line in ["answers text 20000", "answers rows 20000"] {
        let answer = testing.run(line);
        assert_eq!(answer.status, Status::Done);
        assert!(answer.text.len() > 2 * LIMIT, "{line}");
    }
    let backdoor = scripted(usize::MAX);
    assert_eq!(script(&backdoor.addresses()[0], "answers text 2000000\n").len(), 32_000_000);
}

#[test]
fn an_answer_at_the_limit_is_whole() {
    let answer = Backdoor::testing().max_answer(160).run("answers text 10");
    assert_eq!((answer.status, answer.text.len()), (Status::Done, 160));
    let answer = Backdoor::testing().max_answer(159).run("answers text 10");
    assert_eq!((answer.status, answer.text.lines().count()), (Status::Truncated, 10));
}

#[test]
fn commands_without_time_limit_have_no_answer_limit() {
    let answer = Backdoor::testing().max_answer(LIMIT).run("answers until-interrupted 50000");
    assert_eq!((answer.status, answer.text.len()), (Status::Done, 400_000));
}

#[test]
fn the_default_limit_is_sixteen_mebibytes() {
    let answer = Backdoor::testing().run("answers text 2000000");
    assert_eq!(answer.status, Status::Truncated);
    assert_eq!(answer.error.as_deref(), Some("the answer is longer than 16MiB; the rest is left out"));
    assert_eq!(answer.text.lines().count(), (16 << 20) / LINE.len() + 1);
}
