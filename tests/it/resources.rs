//! The use of resources, for an operator and as data: each view over a socket, its text with masked numbers, and the names of its fields.

use std::fs::File;
use std::net::TcpListener;

use backdoor_runtime::{Backdoor, build_info};

use crate::operator::{Operator, console};
use crate::transcript::without_numbers;

/// The names in a line of JSON, in order; for a list, those of its first record.
fn field_names(json: &str) -> Vec<String> {
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    let record = value.get(0).unwrap_or(&value);
    let names: Vec<&String> = record.as_object().unwrap_or_else(|| panic!("{json}")).keys().collect();
    // The order is that of the text, which serde_json's own map does not keep.
    let mut names: Vec<String> = names.into_iter().cloned().collect();
    names.sort_by_key(|name| json.find(&format!("\"{name}\":")));
    names
}

#[track_caller]
fn check_fields(operator: &mut Operator, line: &str, expected: &str) {
    let json = operator.asks(&format!("{line} --json"));
    assert_eq!(field_names(&json).join(" "), expected, "{json}");
}

#[test]
fn every_view_has_stable_field_names() {
    let console = console().start().unwrap();
    let mut operator = Operator::new(&console);
    let fields = |operator: &mut Operator, line, expected| check_fields(operator, line, expected);
    fields(
        &mut operator,
        "mem",
        "resident peak anonymous file shared swapped address_space page_tables private proportional huge allocator not_read",
    );
    fields(&mut operator, "fds", "open limit percent kinds descriptors targets left_out");
    fields(&mut operator, "sockets", "fd kind local peer state receive_queue send_queue backlog");
    fields(&mut operator, "children", "count zombies children left_out");
    fields(&mut operator, "maps", "start permissions size resident private_dirty swapped name");
    fields(&mut operator, "maps --sum", "mappings size resident private_dirty swapped name");
    fields(&mut operator, "limits", "name soft hard unit used percent");
    fields(
        &mut operator,
        "build",
        "package version commit features features_off rustc profile opt_level debug_assertions target panic",
    );
    fields(&mut operator, "self", "threads cpu ended up sessions holds commands bugs not_read");
}

#[test]
fn memory_is_shown_in_units_a_person_reads() {
    let console = console().start().unwrap();
    let shown = without_numbers(&Operator::new(&console).asks("mem"));
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "resident NMiB in RAM now", "{shown}");
    assert_eq!(lines[4], "peak NMiB the largest resident size so far", "{shown}");
    assert!(lines.iter().any(|line| line.starts_with("address space N")), "{shown}");
}

#[test]
fn a_limited_list_of_descriptors_says_how_many_are_left() {
    let console = console().start().unwrap();
    let mut operator = Operator::new(&console);
    let file = File::open("/proc/version").unwrap();
    let shown = operator.asks("fds /proc/version");
    assert!(shown.contains(" open of "), "{shown}");
    assert!(shown.contains("file  /proc/version\n"), "{shown}");
    let shown = operator.asks("fds --limit 1");
    assert!(shown.ends_with(" more; `--limit` shows more\n"), "{shown}");
    drop(file);
}

#[test]
fn sockets_show_both_ends_and_their_queues() {
    let console = console().start().unwrap();
    let mut operator = Operator::new(&console);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let shown = operator.asks(&format!("sockets {address}"));
    let row = shown.lines().last().unwrap();
    assert!(row.contains(&format!("tcp   {address}")) && row.contains("listens"), "{shown}");
    let own = console.addresses()[0].to_string();
    assert!(operator.asks("sockets established").contains(&own));
}

#[test]
fn maps_are_summed_by_name() {
    let console = console().start().unwrap();
    let mut operator = Operator::new(&console);
    let shown = operator.asks("maps --sum [heap]");
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        ["mappings", "size", "resident", "dirty", "name"]
    );
    assert!(lines.len() == 2 && lines[1].ends_with("  [heap]"), "{shown}");
    assert!(operator.asks("maps --sum").contains(" anonymous\n"));
}

#[test]
fn an_absent_limit_is_shown_as_unlimited() {
    let console = console().start().unwrap();
    let shown = Operator::new(&console).asks("limits");
    let files = shown.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert!(files.contains("files"), "{shown}");
    assert!(shown.contains("no limit"), "{shown}");
}

#[test]
fn the_environment_is_shown_without_values() {
    let console = console().start().unwrap();
    let mut operator = Operator::new(&console);
    assert!(operator.asks("env").contains("PATH\n"));
    assert_eq!(operator.asks("env PATH --json").matches("\"PATH\"").count(), 1);
    assert!(!operator.asks("env").contains('='));
}

#[test]
fn build_names_the_package_if_the_author_gave_it() {
    let console = console().build_info(build_info!()).start().unwrap();
    let mut operator = Operator::new(&console);
    let shown = operator.asks("build");
    assert!(shown.starts_with("package       tests\nversion       "), "{shown}");
    assert!(shown.contains("\nrustc         1."), "{shown}");
    assert!(
        shown.contains("features off  jemalloc\n") || shown.contains("features on   jemalloc\n"),
        "{shown}"
    );
    let without = Backdoor::testing().run("build").text;
    assert!(
        without.starts_with("package       not known: give `build_info!()` to the builder\n"),
        "{without}"
    );
}

#[test]
fn self_shows_the_costs_of_the_console() {
    let console = console().start().unwrap();
    let mut operator = Operator::new(&console);
    operator.asks("uptime");
    operator.asks("no such command");
    let shown = operator.asks("self");
    assert!(shown.starts_with("up "), "{shown}");
    assert!(shown.contains("backdoor-consol"), "{shown}");
    let masked = without_numbers(&shown);
    assert!(masked.contains("\ndone N TIME TIME\n") && masked.contains("\nusage N TIME TIME\n"), "{masked}");
}

#[test]
fn a_heap_profile_needs_its_feature() {
    let console = console().start().unwrap();
    let shown = Operator::new(&console).asks("mem --heap-profile");
    assert!(shown.contains("the feature `jemalloc`"), "{shown}");
}
