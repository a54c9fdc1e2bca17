//! The operator's screen, step by step and without a clock.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::{Conversation, SessionConfig};
use crate::audit::Audit;
use crate::call::failure::Status;
use crate::call::peer::Peer;
use crate::command::States;
use crate::command::registry::Registry;
use crate::dispatch::{ConsoleState, Dispatcher, Outcome};
use crate::limits::Bounds;
use crate::limits::CommandLimits;
use crate::limits::RECURRING;
use crate::reply::Form;
use crate::service::Service;

/// A peer that has sent only one telnet command.
const NO_OPERATION: &[u8] = b"\xff\xf1";

/// A session, and a loop that runs its lines by hand.
struct Desk {
    conversation: Conversation,
    dispatcher: Dispatcher,
}

impl Desk {
    /// The operator is at the first prompt.
    fn new(speaks_telnet: bool) -> Self {
        let service = Service::new("t".to_owned(), None);
        let shared = Arc::new(ConsoleState::new(Registry::linked(), service, 64));
        let config =
            SessionConfig { shared: shared.clone(), plain: true, bounds: Arc::new(Bounds::default()) };
        let audit = Audit::start(RECURRING).unwrap();
        let dispatcher = Dispatcher::new(shared, States::default(), audit, None, CommandLimits::default());
        let peer = Arc::new(Peer::new(1, "a peer".to_owned(), None, mpsc::channel(1).0));
        let mut desk = Self { conversation: Conversation::new(peer, config), dispatcher };
        match speaks_telnet {
            true => desk.types(NO_OPERATION),
            false => desk.conversation.end_detection(),
        }
        assert!(desk.shown().ends_with("t> "));
        desk
    }

    fn types(&mut self, bytes: &[u8]) {
        self.conversation.receive(bytes, Instant::now());
    }

    /// Begins the next line and ends it with this answer.
    fn answers(&mut self, line: &str, tail: &str) {
        let (next, at_prompt) = self.conversation.next_line().unwrap();
        assert_eq!(next, line);
        let run = self.dispatcher.prepare(next, Form::text(None), 1);
        self.conversation.begin(&run, at_prompt);
        self.conversation.ended(&Outcome {
            status: Status::Done,
            failure: None,
            tail: tail.to_owned(),
            json: false,
            line: None,
        });
        self.conversation.flush_prompt();
    }

    /// The new output on the screen.
    fn shown(&mut self) -> String {
        let bytes = std::mem::take(self.conversation.output());
        String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
    }
}

/// It came right after the answer to the previous line, and its own answer followed the prompt of that line.
#[test]
fn regression_a_late_pasted_line_is_not_taken_as_typed() {
    let mut desk = Desk::new(true);
    desk.types(b"one\r\n");
    desk.answers("one", "1\n");
    assert_eq!(desk.shown(), "1\n", "the answer is not held up");
    assert!(desk.conversation.prompt_at().is_some());
    desk.types(b"two\r\nthree\r\n");
    desk.answers("two", "2\n");
    assert_eq!(desk.shown(), "t> two\n2\n");
    desk.answers("three", "3\n");
    desk.conversation.show_prompt();
    assert_eq!(desk.shown(), "t> three\n3\nt> ");
    desk.types(b"four\r\n");
    desk.answers("four", "4\n");
    desk.conversation.show_prompt();
    assert_eq!(desk.shown(), "4\nt> ", "what is typed at the prompt is not said again");
    assert_eq!(desk.conversation.prompt_at(), None);
}

#[test]
fn a_line_mode_peer_gets_the_prompt_with_the_answer() {
    let mut desk = Desk::new(false);
    desk.types(b"one\n");
    desk.answers("one", "1\n");
    assert_eq!(desk.shown(), "1\nt> ");
    assert_eq!(desk.conversation.prompt_at(), None);
}

#[test]
fn ctrl_c_shows_a_delayed_prompt_at_once() {
    let mut desk = Desk::new(true);
    desk.types(b"one\r\n");
    desk.answers("one", "1\n");
    desk.types(b"\xff\xf4");
    desk.conversation.flush_prompt();
    assert_eq!(desk.shown(), "1\nt> ");
    assert_eq!(desk.conversation.prompt_at(), None);
    desk.types(b"two\r\n");
    desk.answers("two", "2\n");
    desk.types(b"\x04");
    desk.conversation.flush_prompt();
    assert!(desk.conversation.is_over());
    assert_eq!(desk.shown(), "2\n");
    assert_eq!(desk.conversation.prompt_at(), None);
}

#[test]
fn newcomer_3_3_5_notices_break_between_words() {
    let mut desk = Desk::new(true);
    desk.conversation.peer.set_size(40, 10);
    desk.types(&[b'x'; 2000]);
    desk.types(b"\n");
    assert!(desk.conversation.next_line().is_none());
    let shown = desk.shown().replace('\r', "");
    let expected = "line not run: the first line of a\n  session has at most 1024 bytes; send a\n  short one before it\n";
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn newcomer_3_3_5_the_banner_fits_a_terminal_of_unknown_size() {
    let banner = Service::new("t".to_owned(), None).banner();
    let last = banner.lines().last().unwrap();
    assert!(last.len() <= 40, "{last}");
}
