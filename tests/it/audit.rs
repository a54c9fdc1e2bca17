//! What was run is on record: one event before and one after each line, and a subscriber that blocks blocks only itself.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use backdoor_runtime::{Backdoor, backdoor_command};
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;

use crate::client::{PATIENCE, script};
use crate::gate::{Gate, OpensOnDrop, gate};
use crate::log::stay;
use crate::operator::{Operator, console};

#[backdoor_command(name = "audit fails")]
fn fails() -> Result<(), &'static str> {
    Err("as it should")
}

#[backdoor_command(name = "audit deaf")]
fn deaf(gate_name: String) {
    gate(&gate_name).block();
}

/// Where events are written, and the gate that a write waits at.
#[derive(Clone, Default)]
struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    gate: Option<&'static Gate>,
}

impl Log {
    fn subscriber(&self) -> impl Subscriber + Send + Sync {
        tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(self.clone()).finish()
    }

    /// A console whose events come here.
    fn console(&self) -> Backdoor {
        stay();
        tracing::subscriber::with_default(self.subscriber(), || console().start().unwrap())
    }

    fn text(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).unwrap()
    }

    /// Waits until this is in the log, and gives its line.
    #[track_caller]
    fn expect(&self, wanted: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let text = self.text();
            if let Some(line) = text.lines().find(|line| line.contains(wanted)) {
                return line.to_owned();
            }
            assert!(Instant::now() < until, "no {wanted:?} in\n{text}");
            std::thread::sleep(Duration::from_millis(5));
        }
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
fn each_line_is_an_event_before_and_one_after() {
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

#[test]
fn a_subscriber_that_blocks_does_not_block_the_console() {
    let log = Log { gate: Some(gate("subscriber")), ..Log::default() };
    let _released = OpensOnDrop(gate("subscriber"));
    let backdoor = log.console();
    let mut operator = Operator::new(&backdoor);
    // More than its queue holds.
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
