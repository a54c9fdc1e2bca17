//! Variables of a service, as an operator sees them: shown, set for a time or permanently, and undone.

mod declared;
mod end;
mod optional;
mod races;
mod runtime;
mod secrets;
mod slow;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backdoor_runtime::{Backdoor, backdoor_var, vars};

use crate::operator::{Operator, console};
use crate::vars::declared::{LATE_SWAPPED, VT_LIMIT};
use crate::wait::PATIENCE;

/// Keeps other tests from writing to the journal meanwhile.
pub(crate) fn journal() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The journal belongs to the process, so one test at a time may read it. The test finds all defaults, and gets the number of the next
/// change.
fn alone() -> (MutexGuard<'static, ()>, u64) {
    let alone = journal();
    let shared = [
        "vt-limit",
        "vt-name",
        "vt-level",
        "vt-patience",
        "vt-odd",
        "slow-poisoned",
        "race-one",
        "race-lent",
    ];
    for name in shared {
        if vars::get(name).unwrap().changed.is_some() {
            vars::reset(name).unwrap();
        }
    }
    (alone, vars::changes().last().map_or(1, |change| change.number + 1))
}

/// Removes changes before the first, counts changes from 1 on, masks times and peers, and folds padding.
fn masked(text: &str, first: u64) -> String {
    let mut lines = Vec::new();
    let is_of_before = |line: &&str| {
        line.split_whitespace()
            .next()
            .is_some_and(|word| word.parse().is_ok_and(|number: u64| number < first))
    };
    for line in text.lines().filter(|line| !is_of_before(line)) {
        let mut masked: Vec<String> = Vec::new();
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            let core = word.trim_end_matches([',', ')', ':']);
            let end = &word[core.len()..];
            let before = masked.last().map_or("", String::as_str);
            let is_number = masked.is_empty() || matches!(before, "(change" | "change" | "of" | "undo");
            let is_time = core.len() == 20 && core.ends_with('Z') && core.as_bytes()[10] == b'T';
            masked.push(match core.parse::<u64>() {
                Ok(number) if is_number && (first..first + 1000).contains(&number) => {
                    format!("{}{end}", number - first + 1)
                }
                _ if is_time => format!("TIME{end}"),
                Ok(_) if before == "session" => format!("S{end}"),
                _ if core.starts_with("(127.0.0.1:") => format!("(PEER{end}"),
                _ => word.to_owned(),
            });
        }
        lines.push(masked.join(" "));
    }
    lines.join("\n") + "\n"
}

/// Types lines, and compares the session with a file in `golden/`. `BLESS=1` rewrites the file.
#[track_caller]
fn golden(name: &str, operator: &mut Operator, first: u64, lines: &[&str]) {
    let mut session = String::new();
    for line in lines {
        let line = line.replace("CHANGE", &first.to_string());
        session += &format!("t> {}\n", masked(&line, first).trim_end());
        session += &masked(&operator.asks(&line), first);
    }
    let path = format!("{}/it/vars/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &session).unwrap();
    }
    assert_eq!(session, std::fs::read_to_string(&path).unwrap(), "{name}");
}

#[test]
fn vars_and_get_show_all_variables() {
    let (_alone, first) = alone();
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    golden(
        "vars",
        &mut operator,
        first,
        &["vars vt-", "vars vt-*ce", "vars vt- --changed", "vars vt-nowhere"],
    );
    // The name `get` belongs to a command of the tests here.
    golden(
        "get",
        &mut operator,
        first,
        &["sys get vt_limit", "sys get vt-late", "sys get vt-hidden", "sys get vt-lmit"],
    );
    let json: serde_json::Value = serde_json::from_str(&operator.asks("sys get vt-limit --json")).unwrap();
    assert_eq!((&json["value"], &json["default"], &json["state"]), (&3.into(), &3.into(), &"set".into()));
    assert_eq!((&json["changed_by"], &json["accepts"]), (&serde_json::Value::Null, &"1..=100".into()));
}

#[test]
fn a_set_value_can_be_undone() {
    let (_alone, first) = alone();
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    golden(
        "set",
        &mut operator,
        first,
        &[
            "set vt-limit 7",
            "set vt_limit=8 vt-name='a b' vt-patience=2m --because 'for the night'",
            "vars vt- --changed",
            "changes vt-",
            "undo",
            "undo",
            "undo CHANGE",
            "reset vt-limit vt-name",
            "undo 99999999",
            "changes vt-*",
            "vars vt- --changed",
        ],
    );
}

#[test]
fn refused_values_have_a_reason() {
    let (_alone, first) = alone();
    vars::register("vt-queue", || 1).unwrap();
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    golden(
        "refused",
        &mut operator,
        first,
        &[
            "set",
            "set vt-limit",
            "set =1",
            "set vt-lmit 7",
            "set vt-limit 700",
            "set vt-limit many",
            "set vt-limit ''",
            "set vt-level wran",
            "set vt-odd 8",
            "set vt-odd 13",
            "set vt-ro false",
            "set vt-queue 1",
            "set vt-late 3",
            "set vt-limit=1 vt_limit=2",
            "set vt-limit=1 vt-odd=2",
            "set vt-limit 1 --for 0s",
            "set vt-limit 1 --for 8d",
            "reset vt-late",
            "set '\u{1b}[2J' 1",
            "changes vt-nowhere",
        ],
    );
    assert_eq!(VT_LIMIT.load(Ordering::Relaxed), 3);
    vars::unregister("vt-queue");
}

#[test]
fn a_lease_restores_the_old_value() {
    let (_alone, first) = alone();
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    golden(
        "lease",
        &mut operator,
        first,
        &[
            "set vt-limit 9 --for 15m",
            "set vt-limit 10 --for 1h --because 'more of it'",
            "vars vt- --changed",
            "changes vt-",
            "undo",
            "vars vt- --changed",
        ],
    );
}

#[test]
fn a_lazy_variable_is_settable_once_initialised() {
    let (_alone, _) = alone();
    assert_eq!(vars::get("late-swapped").unwrap().state, "not set yet");
    assert!(vars::set("late-swapped", "two").is_err());
    assert_eq!(**LATE_SWAPPED.load(), "one");
    let change = vars::set("late-swapped", "two").unwrap();
    assert_eq!((change.old, &***LATE_SWAPPED.load()), ("one".into(), "two"));
    LATE_SWAPPED.store("three".to_owned().into());
    assert!(vars::undo(Some(change.number)).is_err(), "the service changed the variable later");
    let change = vars::set("late-swapped", "four").unwrap();
    assert_eq!(vars::undo(Some(change.number)).unwrap().new, "three");
}

#[test]
fn code_of_the_service_sets_and_undoes() {
    let (_alone, _) = alone();
    let change = vars::set("vt_limit", "11").unwrap();
    assert_eq!((change.old, change.new, change.by.as_str()), (3.into(), 11.into(), "the service"));
    let terms = vars::Terms::new().lasting(Duration::from_secs(600)).because("load");
    let lent = vars::set_all(&[("vt-limit", "12")], &terms).unwrap().remove(0);
    assert_eq!((lent.what.as_str(), lent.until.is_some()), ("set for 10m", true));
    let Some(vars::Changed::By(change)) = vars::get("vt-limit").unwrap().changed else {
        panic!("not changed")
    };
    assert_eq!(change.number, lent.number);
    assert_eq!(vars::undo(Some(lent.number)).unwrap().new, 11, "where the lease would have gone back to");
    assert!(vars::undo(Some(lent.number)).is_err(), "it is undone");
    assert!(vars::list().iter().any(|variable| variable.name == "vt-limit"));
    vars::reset("vt-limit").unwrap();
    // The range of its type differs from the variable's.
    let beyond = vars::set("vt-limit", "-1").unwrap_err().to_string();
    assert_eq!(beyond, "vt-limit: -1 is out of range 1..=100");
    assert_eq!(vars::set("vt-limit", "0").unwrap_err().to_string(), "vt-limit: 0 is out of range 1..=100");
}

#[backdoor_var(settable)]
static TWICE_UNDONE: AtomicU32 = AtomicU32::new(1);

/// `newcomer.md` 3.3.11: `undo` undid the last change of any session, without asking.
#[test]
fn undo_reverts_own_changes_and_names_those_of_others() {
    let (_alone, first) = alone();
    let backdoor = console().start().unwrap();
    let (mut anna, mut bert) = (Operator::new(&backdoor), Operator::new(&backdoor));
    anna.asks("set vt-limit 4");
    bert.asks("set twice-undone 2");
    let refused = bert.asks("undo");
    assert!(refused.contains("twice-undone: 2 -> 1"), "{refused}");
    let refused = bert.asks("undo");
    let named = format!(
        "error: this session has no change to undo; `undo {first}` undoes `vt-limit`: 3 -> 4 by session "
    );
    assert!(refused.starts_with(&named), "{refused}");
    bert.asks("set twice-undone 3");
    assert!(anna.asks("undo").contains("vt-limit: 4 -> 3"));
    assert_eq!(TWICE_UNDONE.load(Ordering::Relaxed), 3);
    assert!(anna.asks("undo").contains("undoes `twice-undone`: 1 -> 3 by session "));
    let third = vars::changes().iter().rev().find(|change| change.name == "twice-undone").unwrap().number;
    assert!(anna.asks(&format!("undo {third}")).contains("twice-undone: 3 -> 1"));
}

/// `attack.md` L12: `session 1` did not name its console.
#[test]
fn changes_from_two_consoles_are_told_apart() {
    let (_alone, _) = alone();
    let shop = console().start().unwrap();
    let chat = Backdoor::builder("chat").listen("0").detect_timeout(PATIENCE).start().unwrap();
    let mut operator = Operator::new(&shop);
    operator.asks("set twice-undone 5");
    Operator::new(&chat).asks("set twice-undone 1");
    let shown = operator.asks("changes twice-undone");
    let (first, second) = (shown.find("  t: session 1 ("), shown.find("  chat: session 1 ("));
    assert!(first < second && first.is_some(), "{shown}");
    let json: serde_json::Value =
        serde_json::from_str(&operator.asks("changes twice-undone --json")).unwrap();
    let last = json.as_array().unwrap().last().unwrap();
    assert_eq!(last["console"], "chat");
}

/// A variable that does not accept its own default.
#[backdoor_var(settable, range = 1..=100)]
static OWN_DEFAULT: AtomicU32 = AtomicU32::new(0);

/// `newcomer.md` 1.2 j: `reset` set a value outside of the variable's range.
#[test]
fn a_default_out_of_its_range_is_not_set() {
    let (_alone, _) = alone();
    vars::set("own-default", "7").unwrap();
    let error = vars::reset("own-default").unwrap_err().to_string();
    assert_eq!(error, "own-default: its default is not accepted: 0 is out of range 1..=100; nothing was set");
    assert_eq!(OWN_DEFAULT.load(Ordering::Relaxed), 7);
}
