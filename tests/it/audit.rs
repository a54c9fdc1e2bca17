//! Each line is recorded with one event before it and one after it, and a subscriber that blocks blocks only itself.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use backdoor_runtime::{Backdoor, backdoor_command};
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;

use crate::client::script;
use crate::gate::{Gate, OpensOnDrop, gate};
use crate::log::stay;
use crate::operator::{Operator, console};
use crate::wait::until;

#[backdoor_command(name = "audit fails")]
fn fails() -> Result<(), &'static str> {
    Err("as it should")
}

#[backdoor_command(name = "audit deaf")]
fn deaf(gate_name: String) {
    gate(&gate_name).block();
}

/// The buffer for events, and the gate that delays a write.
#[derive(Clone, Default)]
struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    gate: Option<&'static Gate>,
}

impl Log {
    fn subscriber(&self) -> impl Subscriber + Send + Sync {
        let writer = self.clone();
        let level = tracing::Level::DEBUG;
        tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .without_time()
            .with_writer(writer)
            .finish()
    }

    /// A console whose events are recorded here.
    fn console(&self) -> Backdoor {
        stay();
        tracing::subscriber::with_default(self.subscriber(), || console().start().unwrap())
    }

    fn text(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).unwrap()
    }

    /// Waits until this text is in the log, and returns its line.
    #[track_caller]
    fn expect(&self, wanted: &str) -> String {
        let line = |text: &str| text.lines().find(|line| line.contains(wanted)).map(str::to_owned);
        line(&until(wanted, || self.text(), |text| line(text).is_some())).unwrap()
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(gate) = self.gate {
            // The start is logged by the thread that starts.
            if std::thread::current().name() == Some("backdoor-log") {
                gate.block();
            }
        }
        self.text.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_changing_command_logs_its_begin_and_its_end() {
    let log = Log::default();
    let backdoor = log.console();
    script(&backdoor.addresses()[0], "audit fails\nargs say a\u{1b}[2Jb\u{202e}\nno such\n");
    let ended = log.expect("command ended session=1 peer=\"127.0.0.1:");
    assert!(ended.trim_start().starts_with("INFO backdoor: "), "{ended}");
    assert!(ended.contains(" line=audit fails result=failed milliseconds="), "{ended}");
    assert!(log.expect("line=audit fails").contains("command begins session=1 peer="));
    assert!(log.expect("line=args say a\\x1b[2Jb\\u{202e} result=done").contains("command ended"));
    assert!(log.expect("line=no such result=usage").contains("command ended"));
    assert!(!log.text().contains('\u{1b}'), "{}", log.text());
}

/// Two events for each command hid the service's own events, and a reading command is no change.
#[test]
fn m_a_reading_line_is_one_event_at_debug() {
    let log = Log::default();
    let backdoor = log.console();
    let mut operator = Operator::new(&backdoor);
    operator.asks("version");
    operator.asks("audit deaf open-already --json --what");
    operator.asks("wire count audited");
    log.expect("line=wire count audited result=done");
    let text = log.text();
    let of =
        |line: &str| text.lines().filter(|event| event.contains(&format!("line={line}"))).collect::<Vec<_>>();
    assert_eq!(of("version").len(), 1, "{text}");
    assert!(of("version")[0].trim_start().starts_with("DEBUG backdoor: command ended"), "{text}");
    assert_eq!(of("audit deaf").len(), 1, "what is wrong does not begin: {text}");
    assert!(of("wire count")[0].contains("INFO backdoor: command begins"), "{text}");
    assert_eq!(of("wire count").len(), 2, "{text}");
}

#[test]
fn a_long_reading_line_is_logged_while_it_runs() {
    let log = Log::default();
    let backdoor = log.console();
    let mut operator = Operator::new(&backdoor);
    operator.types("wire endless");
    let begun = log.expect("command begins");
    assert!(begun.contains("DEBUG") && begun.contains("line=wire endless"), "{begun}");
    operator.interrupts();
}

/// The author's code parses wrong arguments, but the command does not begin.
#[test]
fn a_line_with_wrong_values_logs_no_begin() {
    let log = Log::default();
    let backdoor = log.console();
    Operator::new(&backdoor).asks("wire note audited many");
    log.expect("line=wire note audited many result=usage");
    assert!(!log.text().contains("command begins"), "{}", log.text());
}

#[test]
fn m4_lines_without_a_command_are_cut_and_counted() {
    let log = Log::default();
    let backdoor = log.console();
    let wrong = format!("{}\n", "x".repeat(900));
    let address = &backdoor.addresses()[0];
    script(address, wrong.repeat(2000));
    script(address, "wire count counted\n");
    log.expect("line=wire count counted result=done");
    drop(backdoor);
    log.expect("further lines that ran no command were not logged");
    let text = log.text();
    let logged = text.lines().filter(|line| line.contains("result=usage")).count();
    let unlogged = |line: &str| line.split_once("lines=").map(|(_, count)| count.parse::<usize>().unwrap());
    let unlogged: usize =
        text.lines().filter(|line| line.contains("ran no command")).filter_map(unlogged).sum();
    assert_eq!(logged + unlogged, 2000, "{}", text.len());
    assert!(text.lines().all(|line| line.len() < 500), "{}", text.len());
    assert!(text.contains(&format!("line={}.. (644 bytes more) result=usage", "x".repeat(256))));
}

/// A peer with endless requests wrote megabytes a second into the service's log.
#[test]
fn many_reading_lines_are_only_counted() {
    let log = Log::default();
    let backdoor = log.console();
    script(&backdoor.addresses()[0], "uptime\n".repeat(2000));
    log.expect("further commands that change nothing were not logged");
    // The last count is logged at the end of the session.
    drop(backdoor);
    let text = log.text();
    let logged = text.lines().filter(|line| line.contains("line=uptime result=done")).count();
    let counts = text.lines().filter(|line| line.contains("further commands that change nothing"));
    let unlogged = |line: &str| line.split_once("lines=").map(|(_, count)| count.parse::<usize>().unwrap());
    assert!(counts.clone().all(|line| line.contains("DEBUG") && line.contains("session=1 ")), "{text}");
    let unlogged: usize = counts.filter_map(unlogged).sum();
    assert_eq!(logged + unlogged, 2000, "{text}");
    assert!((20..1000).contains(&logged), "{logged}");
}

/// Every command that may change something is recorded.
#[test]
fn changing_lines_are_all_logged() {
    let log = Log::default();
    let backdoor = log.console();
    script(&backdoor.addresses()[0], "wire count all-logged\n".repeat(100));
    drop(backdoor);
    let text = log.text();
    assert_eq!(text.matches("line=wire count all-logged result=done").count(), 100, "{text}");
}

#[test]
fn a_subscriber_that_blocks_does_not_block_the_console() {
    let log = Log { gate: Some(gate("subscriber")), ..Log::default() };
    let _released = OpensOnDrop(gate("subscriber"));
    let backdoor = log.console();
    let mut operator = Operator::new(&backdoor);
    // More than the queue holds.
    let lines = "audit fails\n".repeat(700);
    let answers = script(&backdoor.addresses()[0], lines);
    assert_eq!(answers.lines().count(), 700);
    assert!(operator.asks("version").contains("service"));
    gate("subscriber").open();
    log.expect("events were lost: the subscriber is too slow");
}

#[test]
fn a_stuck_command_is_named() {
    let log = Log::default();
    let backdoor = log.console();
    let mut operator = Operator::new(&backdoor);
    let _released = OpensOnDrop(gate("named"));
    operator.types("audit deaf named");
    gate("named").wait_for_visitors(1);
    operator.interrupts();
    operator.reads_end();
    let warning = log.expect("is stuck");
    assert!(warning.contains("WARN"), "{warning}");
    assert!(
        warning.contains("command `audit deaf` of session 1 is stuck: it was told to stop a second ago"),
        "{warning}"
    );
    assert!(log.expect("line=audit deaf named result=cancelled").contains("command ended"));
}
