//! Secret values are hidden everywhere: in views, in the journal, in the log, and in the lists of running lines.

use std::sync::Mutex;

use backdoor_runtime::{backdoor_var, vars};

use crate::gate::gate;
use crate::log::Log;
use crate::operator::{Operator, console};
use crate::vars::alone;
use crate::wait::until;

#[backdoor_var(settable, secret, validate = waits)]
static SECRET_TOKEN: Mutex<String> = Mutex::new(String::new());

fn waits(token: &str) -> Result<(), String> {
    match token {
        "slow-hunter2" => gate("secret token").block(),
        slow if slow.starts_with("slow-hunter2-") => gate(slow).block(),
        "bad-hunter2" => return Err("bad-hunter2 is not good".to_owned()),
        _ => {}
    }
    Ok(())
}

/// Spellings of a secret by an operator in a hurry: none of them may be visible to others.
const SPELLINGS: [&str; 30] = [
    "set secret-token hunter2",
    "set secret_token=hunter2",
    "set SECRET_TOKEN hunter2",
    "set Secret-Token=hunter2",
    "SET secret-token hunter2",
    "Set secret-token hunter2",
    "sett secret-token hunter2",
    "sset secret-token=hunter2",
    "set secret-tokne hunter2",
    "set secrt-token=hunter2",
    "set hunter2 secret-token",
    "set a=1 secret-token=hunter2",
    "set a=1 hunter2",
    "get secret-token hunter2",
    "reset secret-token hunter2",
    "help set secret-token hunter2",
    "set secret-token hunter2 ?",
    "set secret-token hunter2 --help",
    r"s\et secret-token hunter2",
    r"set secret\-token hunter2",
    r#"set secret"-"token hunter2"#,
    r#"set "secret\x2dtoken" hunter2"#,
    "set secret-token 'hunter2",
    "set secret-token=\"hunter2",
    "sys set secret-token hunter2",
    "SYS set secret-token hunter2",
    "secret-token hunter2",
    "secret-token=hunter2",
    "set secret-token hunter2 --fro 3",
    "set “secret-token” “hunter2”",
];

#[test]
fn m3_a_secret_is_masked_in_every_spelling() {
    let _alone = alone();
    let (log, _recording) = Log::record();
    let backdoor = console().warning_interval(std::time::Duration::ZERO).start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let cut = format!("set secret-token hunter2{}", " x".repeat(100));
    for line in SPELLINGS.into_iter().chain([
        cut.as_str(),
        "t> set secret-token hunter2",
        "$ set secret-token hunter2",
    ]) {
        operator.asks(line);
        operator.asks(&format!("{line} --json"));
    }
    operator.asks("wire count m3-end");
    log.expect(&["command ended", "m3-end"]);
    let leaks: Vec<String> = log.lines().into_iter().filter(|line| line.contains("hunter2")).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    let masked =
        log.lines().iter().filter(|line| line.contains("command ended") && line.contains("••••")).count();
    // `help ..` and `..?` are logged at DEBUG, and so are `get` and similar commands.
    assert!(masked > 40, "{masked}: {:#?}", log.lines());
    vars::reset("secret-token").unwrap();
}

#[test]
fn a_secret_is_dots_in_every_view() {
    let (_alone, first) = alone();
    let (log, _recording) = Log::record();
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let mut other = Operator::new(&backdoor);
    let mut seen = operator.asks("set secret-token hunter2");
    seen += &operator.asks("set secret_token=bad-hunter2 --because x");
    seen += &operator.asks("set 'secret-token' hunter2 --fro 3");
    operator.types("set secret-token=slow-hunter2");
    gate("secret token").wait_for_visitors(1);
    seen += &other.asks("who");
    seen += &other.asks("running");
    gate("secret token").open();
    seen += &operator.reads_answer();
    for line in ["sys get secret-token", "vars secret-", "changes secret-"] {
        seen += &operator.asks(line);
        seen += &operator.asks(&format!("{line} --json"));
    }
    for change in vars::changes().iter().filter(|change| change.number >= first) {
        seen += &format!("{change:?}");
    }
    log.expect(&["variable changed", "name=\"secret-token\"", "old=••••", "new=••••"]);
    log.expect(&["command begins", "line=set secret-token ••••"]);
    seen += &log.lines().join("\n");
    // The underlined line is shown only to the operator who typed it and has it on their screen.
    let leaks: Vec<&str> = seen.lines().filter(|line| line.contains("hunter2")).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert_eq!(*SECRET_TOKEN.lock().unwrap(), "slow-hunter2");
    assert!(seen.contains("secret-token: the typed value is not accepted"));
    vars::reset("secret-token").unwrap();
}

/// While the command runs, other sessions see its masked line.
#[test]
fn who_and_running_mask_secrets_in_every_spelling() {
    let _alone = alone();
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let mut other = Operator::new(&backdoor);
    let mut count = 0;
    for spelling in [
        r"s\et secret-token TOKEN",
        "sys set secret_token TOKEN",
        "set vt-limit=7 secret-token=TOKEN",
        "t> set secret-token TOKEN",
        r#"$ t> sys  set "secret\x2dtoken" 'TOKEN' --because x"#,
    ] {
        let mut is_seen = false;
        while !is_seen {
            count += 1;
            assert!(count < 100, "`{spelling}` has no dots");
            let token = format!("slow-hunter2-{count}");
            operator.types(&spelling.replace("TOKEN", &token));
            gate(&token).wait_for_visitors(1);
            let (who, running) = (other.asks("who"), other.asks("running"));
            gate(&token).open();
            operator.reads_answer();
            assert!(!who.contains("hunter2") && !running.contains("hunter2"), "{spelling}: {who}{running}");
            // It is abandoned after a second, possibly before other sessions have read it on a busy machine.
            is_seen = who.contains("••••") && running.contains("••••");
            let set = || operator.asks("set secret-token x");
            until("its return", set, |answer| answer.starts_with("secret-token: "));
        }
    }
    for name in ["secret-token", "vt-limit"] {
        vars::reset(name).unwrap();
    }
}
