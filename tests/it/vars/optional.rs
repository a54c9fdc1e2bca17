//! Variables without a value (newcomer 1.2 and 1.3): `none` can be typed, and so can the shown value.

use std::sync::{Mutex, RwLock};
use std::time::Duration;

use backdoor_runtime::{Backdoor, Choice, Value, backdoor_var, vars};

use super::journal;

/// How many at once
#[backdoor_var(name = "vo-limit", settable, range = 1..=100)]
static LIMIT: Mutex<Option<u32>> = Mutex::new(None);

#[derive(Choice, Clone, Copy, Debug, PartialEq)]
enum Mode {
    Fast,
    VeryCareful,
}

#[backdoor_var(name = "vo-mode", settable)]
static MODE: RwLock<Option<Mode>> = RwLock::new(Some(Mode::Fast));

#[backdoor_var(name = "vo-time", settable, validate = no_more_than_a_minute)]
static TIME: Mutex<Option<Duration>> = Mutex::new(None);

#[backdoor_var(name = "vo-name", settable)]
static NAME: Mutex<Option<String>> = Mutex::new(None);

#[backdoor_var(name = "vo-flag", settable)]
static FLAG: Mutex<Option<bool>> = Mutex::new(None);

fn no_more_than_a_minute(time: &Option<Duration>) -> Result<(), &'static str> {
    match time {
        Some(time) if time.as_secs() > 60 => Err("nobody waits so long"),
        _ => Ok(()),
    }
}

#[test]
fn none_clears_an_option() {
    let _alone = journal();
    let console = Backdoor::testing();
    let set = |line: &str| {
        let answer = console.run(line);
        assert_eq!(answer.error, None, "{line}");
    };
    set("set vo-limit 5");
    assert_eq!(*LIMIT.lock().unwrap(), Some(5));
    set("set vo-limit=none vo-mode=very-careful vo-time=5s vo-name=bob vo-flag=true");
    assert_eq!(*LIMIT.lock().unwrap(), None);
    assert_eq!(*MODE.read().unwrap(), Some(Mode::VeryCareful));
    assert_eq!(*TIME.lock().unwrap(), Some(Duration::from_secs(5)));
    assert_eq!(NAME.lock().unwrap().as_deref(), Some("bob"));
    assert_eq!(*FLAG.lock().unwrap(), Some(true));
    assert_eq!(console.run("sys get vo-mode").value["value"], "very-careful");
    let refused = |line: &str, error: &str| assert_eq!(console.run(line).error.as_deref(), Some(error));
    refused("set vo-limit 101", "vo-limit: 101 is out of range 1..=100");
    refused("set vo-limit many", "vo-limit: `many` is not a whole number; type `none` for no value");
    refused("set vo-time 2m", "vo-time: nobody waits so long");
    set("undo");
    for name in ["vo-limit", "vo-mode", "vo-time", "vo-name", "vo-flag"] {
        if vars::get(name).unwrap().changed.is_some() {
            vars::reset(name).unwrap();
        }
    }
}

#[test]
fn the_shown_value_of_an_option_can_be_typed() {
    let _alone = journal();
    let console = Backdoor::testing();
    let made = |line: &str| console.run(line).text.split(" (change").next().unwrap_or_default().to_owned();
    assert_eq!(made("set vo-limit 7"), "vo-limit: none -> 7");
    assert_eq!(made("set vo-limit none"), "vo-limit: 7 -> none");
    let shown = console.run("sys get vo-limit").text;
    for row in ["value     none\n", "default   none\n", "accepts   1..=100|none\n"] {
        assert!(shown.contains(row), "{shown}");
    }
    assert!(console.run("sys get vo-mode").text.contains("accepts   fast|very-careful|none\n"));
    let vars = console.run("vars vo-limit").text;
    assert!(vars.contains("vo-limit *  none "), "{vars}");
    let changes = console.run("changes vo-limit").text;
    assert!(changes.contains("  vo-limit  7     none  "), "{changes}");
    // A program gets JSON's null.
    assert_eq!(console.run("sys get vo-limit").value["value"], Value::Null);
}
