//! Output on a terminal of 80 columns and 24 rows, and of 40 columns: whole words, the important ends, one screen of help.

use std::collections::BTreeMap;
use std::time::Duration;

use backdoor_runtime::{Answer, Backdoor, Counter, Histogram, Status, backdoor_command, backdoor_var};
use serde::Serialize;
use tokio::time::timeout;

#[backdoor_var(settable, name = "fits-limit")]
static LIMIT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(128);

/// What was served
#[backdoor_var(name = "fits-served")]
static SERVED: Counter = Counter::new();

#[backdoor_var(name = "fits-took")]
static TOOK: Histogram<Duration> = Histogram::new();

#[derive(Serialize)]
struct Job {
    name: &'static str,
    took: Duration,
    orders: BTreeMap<&'static str, u32>,
    resumes_in: Option<Duration>,
}

#[backdoor_command(name = "fits job", reads)]
fn job() -> Job {
    let orders = BTreeMap::from([("failed", 125), ("shipped", 4_875)]);
    Job { name: "refresh", took: Duration::from_micros(4_406_855), orders, resumes_in: None }
}

#[backdoor_command(name = "fits jobs", reads)]
fn jobs() -> Vec<Job> {
    vec![job(), job()]
}

#[backdoor_command(name = "fits nothing", reads)]
fn nothing(there: bool) -> Option<String> {
    there.then(|| "something".to_owned())
}

#[backdoor_command(name = "fits items", reads)]
fn items() -> impl Iterator<Item = Option<u8>> {
    [Some(1), None, Some(3)].into_iter()
}

#[backdoor_command(name = "fits sentence", reads)]
fn sentence() -> String {
    "One order of five ropes is packed, and waits for the carrier since the morning".to_owned()
}

fn run(line: &str) -> Answer {
    Backdoor::testing().run(line)
}

fn at(width: usize, line: &str) -> String {
    Backdoor::testing().width(width).run(line).text
}

/// Lines that are wider than the terminal although they contain a space at which they could be wrapped.
fn too_wide(text: &str, width: usize) -> Vec<&str> {
    text.lines().filter(|line| line.chars().count() > width && line.trim().contains(' ')).collect()
}

#[test]
fn newcomer_3_1_help_fits_the_screen_and_counts_the_rest() {
    for (width, rows) in [(80, 23), (60, 23), (40, 23)] {
        let help = at(width, "help");
        assert!(help.lines().count() <= rows, "{help}");
        assert!(too_wide(&help, width).is_empty(), "{help}");
        assert!(help.contains("Something wrong?\n  hangs   ") && help.contains("\n  change  "), "{help}");
        let count = help.lines().find_map(|line| line.strip_prefix("  and ")?.strip_suffix(" more"));
        assert!(count.is_some_and(|count| count.parse::<usize>().is_ok_and(|count| count > 20)), "{help}");
    }
    let all = at(80, "help all");
    assert!(all.contains("\n  fits nothing") && all.contains("\nlocks\n"), "{all}");
    assert!(run("help").text.contains("\n  fits nothing\n"), "a script has no screen");
}

#[test]
fn newcomer_3_1_help_of_a_group_has_a_line_for_each_command() {
    let threads = run("help threads").text;
    assert!(threads.contains("\nsee also:\n  pnt  The stacks of the native threads"), "{threads}");
    assert!(run("help hangs").text.contains("\n  waits    Threads and tasks that wait for locks"));
    assert!(run("help pnt").text.ends_with("see also: threads\n"));
}

#[test]
fn newcomer_3_1_help_marks_dangerous_commands() {
    let found = run("help dangerous").text;
    assert!(found.contains("\n  cancel  ") || found.contains("  cancel "), "{found}");
    assert!(found.lines().any(|line| line.ends_with("(dangerous)")), "{found}");
}

/// The lines after `Examples:` in the help of a command.
fn examples(details: &str) -> Vec<String> {
    let (_, below) = details.split_once("Examples:\n").unwrap_or_default();
    below.lines().map(|line| line.trim().to_owned()).collect()
}

#[tokio::test]
async fn newcomer_3_1_each_built_in_has_two_examples_that_run() {
    let all = Backdoor::testing().run_async("commands --json").await.value;
    let text = |value: &backdoor_runtime::Value| value.as_str().unwrap_or_default().to_owned();
    let mut count = 0;
    for command in all.as_list().unwrap() {
        if command["builtin"] != true || command["hidden"] == true {
            continue;
        }
        let (name, details) = (text(&command["name"]), text(&command["details"]));
        let examples = examples(&details);
        assert!(examples.len() >= 2, "`help {name}` has no two examples");
        for example in examples {
            count += 1;
            let testing = Backdoor::testing();
            let plain = example.replacen(name.trim_start_matches("sys "), &name, 1);
            // A command that watches for longer has started, which is enough.
            let Ok(answer) = timeout(Duration::from_secs(2), testing.run_async(&plain)).await else {
                continue;
            };
            // A missing variable or number is no error of the example.
            let is_name = answer.error.as_deref().is_some_and(|error| error.contains("marked `trend`"));
            assert!(answer.status != Status::Usage || is_name, "{plain}: {answer:?}");
        }
    }
    assert!(count >= 80, "{count}");
}

#[test]
fn newcomer_3_3_1_changes_keep_the_time_at_80_columns() {
    let console = Backdoor::testing().width(80);
    console.run("set fits-limit 256 --for 10m --because \"the queue is full at three in the morning\"");
    let text = console.run("changes fits-limit").text;
    assert!(too_wide(&text, 80).is_empty(), "{text}");
    let row = text.lines().find(|line| line.contains("fits-limit")).unwrap();
    let has_time = |row: &str| row.split_whitespace().filter(|word| word.matches(':').count() == 2).count();
    assert!(has_time(row) >= 2, "when it was made and when it ends: {text}");
    assert!(row.contains(" 128 ") && row.contains(" 256 "), "{text}");
    assert!(
        row.contains(" set ") && !row.contains('…'),
        "until says how long, so that nothing is cut: {text}"
    );
    assert!(text.contains("\n    because the queue is full at three in the morning\n"), "{text}");
    console.run("reset fits-limit");
}

#[test]
fn newcomer_3_3_2_sockets_keep_the_port_and_maps_the_file() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!(":{} ", listener.local_addr().unwrap().port());
    for width in [80, 60] {
        let sockets = at(width, "sockets");
        assert!(sockets.contains(&port) && too_wide(&sockets, width).is_empty(), "{sockets}");
    }
    let maps = at(60, "maps libc");
    assert!(maps.lines().skip(1).all(|line| line.contains("libc")), "{maps}");
    let sizes: Vec<usize> =
        maps.lines().map(|line| line.find("iB ").unwrap_or(0)).filter(|at| *at > 0).collect();
    assert!(sizes.windows(2).all(|two| two[0] == two[1]), "sizes end below each other: {maps}");
}

#[test]
fn newcomer_3_3_3_variables_are_short_and_say_which_can_be_set() {
    SERVED.add(1_227_648);
    TOOK.record(Duration::from_micros(96));
    let text = at(80, "vars fits-");
    assert!(text.contains("fits-served ") && text.contains("  1.2M"), "{text}");
    assert!(text.contains("p50 9") && text.contains("us p99 9"), "{text}");
    assert!(text.contains("fits-limit *") && text.ends_with("* can be set\n"), "{text}");
    assert!(run("sys get fits-served").value["value"]["count"].as_i64() >= Some(1_227_648));
}

#[test]
fn newcomer_3_3_5_no_view_breaks_a_word() {
    let lines = [
        "sys get fits-limit",
        "pnt",
        "mem",
        "runtime --for 10ms",
        "help set",
        "vars",
        "self",
        "build",
        "cgroup",
        "limits",
        "fds",
        "fds --by target",
        "sockets",
        "children",
        "maps --sum",
        "doctor --for 10ms",
        "waits",
        "locks",
        "locks --for 1ms",
        "objects",
        "log",
        "version",
        "commands",
        "fits jobs",
        "fits sentence",
        "set fits-limit",
        "log set --level",
        "threads --for 1ms --all",
    ];
    for width in [40, 80] {
        for line in lines {
            let text = at(width, line);
            // The echo of the line and its underline stay as typed.
            let text = text.lines().filter(|line| !line.starts_with("  ") || !line.contains('^'));
            let text = text.collect::<Vec<_>>().join("\n");
            assert_eq!(too_wide(&text, width), Vec::<&str>::new(), "`{line}` at {width} columns");
        }
    }
}

#[test]
fn newcomer_3_3_7_nested_values_and_empty_cells_are_readable() {
    let expected =
        "name        refresh\ntook        4.41s\norders      failed 125, shipped 4875\nresumes_in  (none)\n";
    assert_eq!(at(80, "fits job"), expected);
    assert_eq!(at(40, "fits job"), expected);
}

#[test]
fn newcomer_1_2_k_durations_are_seconds_in_json() {
    let json = run("fits job --json").text;
    assert_eq!(
        json,
        "{\"name\":\"refresh\",\"took\":4.406855,\"orders\":{\"failed\":125,\"shipped\":4875},\"resumes_in\":null}\n"
    );
    let uptime = run("uptime --json").text;
    assert!(uptime.trim().parse::<f64>().is_ok_and(|seconds| seconds < 3600.0), "{uptime}");
    let external = serde_json::to_string(&run("fits job").value).unwrap();
    assert!(external.contains("\"took\":4.406855,"), "{external}");
}

#[test]
fn newcomer_1_2_h_a_reply_of_none_prints_none() {
    assert_eq!(run("fits nothing").text, "(none)\n");
    assert_eq!(run("fits nothing --there").text, "something\n");
    assert_eq!(run("fits nothing --json").text, "null\n");
    assert_eq!(run("fits items").text, "1\n3\n");
}

#[test]
fn newcomer_3_3_10_the_consoles_own_threads_are_left_out() {
    let (few, all) = (run("threads --for 1ms"), run("threads --for 1ms --all"));
    assert!(!few.text.lines().any(|line| line.starts_with("backdoor-")), "{}", few.text);
    assert!(all.text.lines().any(|line| line.starts_with("backdoor-")), "{}", all.text);
    assert!(few.text.contains(" of the console are hidden; --all shows"), "{}", few.text);
}
