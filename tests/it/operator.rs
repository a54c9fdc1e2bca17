//! A console on a free port, and an operator who uses it.

use backdoor_runtime::{Backdoor, Builder};

use crate::client::Client;
use crate::wait::PATIENCE;

/// Ctrl-C of a telnet client.
const INTERRUPT: [u8; 2] = [255, 244];

/// A telnet command without effect, which shows that the client speaks telnet.
const NO_OPERATION: [u8; 2] = [255, 241];

/// A console with the prompt `t> ` that does not take a silent peer for a person: on a busy machine, the first line of a script may be
/// late.
pub(crate) fn console() -> Builder {
    Backdoor::builder("t").listen("0").detect_timeout(PATIENCE)
}

/// An operator at the prompt.
pub(crate) struct Operator(pub(crate) Client);

impl Operator {
    #[track_caller]
    pub(crate) fn new(backdoor: &Backdoor) -> Self {
        let mut client = Client::connect(&backdoor.addresses()[0]);
        // A telnet client gets the prompt at once.
        client.send(NO_OPERATION);
        client.expect("t> ");
        Self(client)
    }

    /// Types a line.
    pub(crate) fn types(&mut self, line: &str) {
        self.0.send(format!("{line}\r\n"));
    }

    /// Types a line and reads its answer, up to the next prompt.
    #[track_caller]
    pub(crate) fn asks(&mut self, line: &str) -> String {
        self.types(line);
        self.reads_answer()
    }

    /// Reads up to the next prompt.
    #[track_caller]
    pub(crate) fn reads_answer(&mut self) -> String {
        let answer = self.0.expect("t> ").replace("\r\n", "\n");
        // Bytes that are no text are telnet negotiation.
        let answer = answer.trim_start_matches(|c: char| c == '\u{fffd}' || c.is_control() && c != '\n');
        answer.strip_suffix("t> ").unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub(crate) fn expects(&mut self, text: &str) {
        self.0.expect(text);
    }

    /// Sends Ctrl-C.
    pub(crate) fn interrupts(&mut self) {
        self.0.send(INTERRUPT);
    }

    /// Reads the answer to Ctrl-C, which begins on a line of its own.
    #[track_caller]
    pub(crate) fn reads_end(&mut self) -> String {
        let answer = self.reads_answer();
        answer.strip_prefix('\n').map_or(answer.clone(), str::to_owned)
    }

    /// Disconnects without a goodbye, as only a telnet client can: other peers may have closed only their sending half.
    pub(crate) fn vanishes(mut self) {
        self.0.send(NO_OPERATION);
    }
}
