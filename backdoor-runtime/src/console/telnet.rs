//! The telnet filter: the bytes of a peer become data and events, and replies. It has no I/O of its own, so its behaviour cannot depend on
//! where a read ended.

use std::mem;
use std::time::Instant;

use self::options::{BINARY, NAWS, Options, Side, TIMING_MARK, Verb};
use self::pace::Pace;
use self::subnegotiation::Subnegotiation;

mod options;
mod pace;
mod subnegotiation;
#[cfg(test)]
mod tests;

/// The telnet state of one connection: the parser between two reads, and the negotiated options.
///
/// A peer that never sends an IAC (`nc`, a script) passes through unchanged, so every TCP connection may have one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Telnet {
    state: State,
    options: Options,
    pace: Pace,
    subnegotiation: Subnegotiation,
    is_telnet: bool,
    window_size_requested: bool,
    /// The peer refuses the simplest option, so no other is requested.
    refuses_options: bool,
}

/// The meaning of a peer's bytes, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// Typed data, never empty. A doubled IAC is one 0xFF here.
    Data(&'a [u8]),
    /// Bytes to send back to the peer, in order.
    Reply([u8; 3]),
    /// Interrupt Process (RFC 854): Ctrl-C in a client's line mode.
    Interrupt,
    /// Break (RFC 854): Ctrl-\ in a client's line mode.
    Break,
    /// Abort Output (RFC 854).
    AbortOutput,
    /// Are You There (RFC 854): answered with visible text.
    AreYouThere,
    /// Erase Character (RFC 854).
    EraseCharacter,
    /// Erase Line (RFC 854).
    EraseLine,
    /// End of file (RFC 1184, section 1): what some clients make of Ctrl-D.
    EndOfFile,
    /// Suspend the current process (RFC 1184, section 1): Ctrl-Z.
    Suspend,
    /// Abort the current process (RFC 1184, section 1).
    Abort,
    /// `DO TIMING-MARK` (RFC 860): the session sends [`TIMING_MARK_REPLY`] when its output has reached this point of the input. A client
    /// that sent Ctrl-C drops everything before that answer.
    TimingMark,
    /// An unterminated subnegotiation was dropped, with the input after it.
    Unfinished,
    /// The peer's window (RFC 1073). A 0 means that the peer does not know.
    WindowSize { columns: u16, rows: u16 },
}

/// `WILL TIMING-MARK`: the session's answer to [`Event::TimingMark`].
pub(crate) const TIMING_MARK_REPLY: [u8; 3] = [IAC, Verb::Will as u8, TIMING_MARK];

/// `NOP` (RFC 854): what a telnet client takes without showing it.
pub(crate) const NO_OPERATION: [u8; 2] = [IAC, 241];

impl Telnet {
    /// A new connection. `subnegotiation` bounds the bytes of a subnegotiation, and `option_commands` the option commands that are answered
    /// in one second.
    pub(crate) fn new(subnegotiation: usize, option_commands: usize) -> Self {
        Self {
            state: State::Data,
            options: Options::default(),
            pace: Pace::new(option_commands),
            subnegotiation: Subnegotiation::new(subnegotiation),
            is_telnet: false,
            window_size_requested: false,
            refuses_options: false,
        }
    }

    /// Parses the bytes of a read at `now`, and calls `sink` with the resulting events.
    ///
    /// The events do not depend on how the input is split, except that [`Event::Data`] ends where a read ends. The replies of one call are
    /// never longer than its input, including those to [`Event::TimingMark`].
    pub(crate) fn feed(&mut self, mut input: &[u8], now: Instant, sink: &mut impl FnMut(Event<'_>)) {
        while let Some(&byte) = input.first() {
            let mut used = 1;
            match self.state {
                State::Data if byte == IAC => self.state = State::Command,
                State::Data => {
                    used = input.iter().position(|&byte| byte == IAC).unwrap_or(input.len());
                    sink(Event::Data(&input[..used]));
                }
                // It is no command but the byte 0xFF of a peer without telnet, such as a Latin-1 letter from `nc`: the line is refused
                // later because it is not UTF-8, and no byte is lost.
                State::Command if byte.is_ascii() => {
                    self.state = State::Data;
                    sink(Event::Data(&[IAC, byte]));
                }
                State::Command => self.command(byte, now, sink),
                State::Negotiation(verb) => self.negotiation(verb, byte, now, sink),
                State::Subnegotiation if byte == IAC => self.state = State::SubnegotiationCommand,
                // No client sends one that long. If its end was lost, the peer's input must not be ignored for ever.
                State::Subnegotiation
                    if self.subnegotiation.is_too_long() && matches!(byte, b'\r' | b'\n') =>
                {
                    self.drop_unfinished(sink);
                }
                State::Subnegotiation => self.subnegotiation.keep(byte),
                State::SubnegotiationCommand => self.subnegotiation_command(byte, now, sink),
            }
            input = &input[used..];
        }
    }

    /// Whether the peer has shown that it speaks telnet: true from its first complete command that RFC 854, 885 or 1184
    /// knows. `IAC IAC` is data, and an IAC before anything else is more likely a 0xFF of a peer that is not telnet.
    pub(crate) fn is_telnet(&self) -> bool {
        self.is_telnet
    }

    /// `DO NAWS`, to be sent once: `None` if it was sent already, or if the peer has offered or refused the option by itself.
    pub(crate) fn request_window_size(&mut self) -> Option<[u8; 3]> {
        if mem::replace(&mut self.window_size_requested, true) || self.refuses_options {
            return None;
        }
        self.options.request(Side::Theirs, NAWS, true)
    }

    /// `DO BINARY` (RFC 856), to be sent once to a peer that speaks telnet; it requests only the peer's half. In its line mode GNU's client
    /// takes the bytes 0x9c and 0x9d, which are a part of `Ü`, `”` and much else in UTF-8, for keys of its own (quit, escape), unless what
    /// it sends is binary. Its Enter is a lone LF then, and nothing else changes. PuTTY agrees too, and BusyBox refuses. A client that has
    /// refused NAWS, as Python's `telnetlib` does with everything, has no line mode and is not asked.
    pub(crate) fn request_binary(&mut self) -> Option<[u8; 3]> {
        if self.refuses_options {
            return None;
        }
        self.options.request(Side::Theirs, BINARY, true)
    }

    /// Since when a subnegotiation is open; nothing if none is.
    pub(crate) fn unfinished_since(&self) -> Option<Instant> {
        self.subnegotiation.since()
    }

    /// Treats further bytes as data again.
    pub(crate) fn drop_unfinished(&mut self, sink: &mut impl FnMut(Event<'_>)) {
        self.state = State::Data;
        self.subnegotiation.take();
        sink(Event::Unfinished);
    }

    /// The byte after an IAC.
    fn command(&mut self, code: u8, now: Instant, sink: &mut impl FnMut(Event<'_>)) {
        self.state = State::Data;
        match code {
            IAC => sink(Event::Data(&[IAC])),
            SUBNEGOTIATION => {
                self.subnegotiation.begin(now);
                self.state = State::Subnegotiation;
            }
            WILL => self.state = State::Negotiation(Verb::Will),
            WONT => self.state = State::Negotiation(Verb::Wont),
            DO => self.state = State::Negotiation(Verb::Do),
            DONT => self.state = State::Negotiation(Verb::Dont),
            _ => {
                self.is_telnet |= code >= END_OF_FILE;
                if let Some(event) = event_of(code) {
                    sink(event);
                }
            }
        }
    }

    /// The option after an IAC and a verb.
    fn negotiation(&mut self, verb: Verb, option: u8, now: Instant, sink: &mut impl FnMut(Event<'_>)) {
        self.state = State::Data;
        self.is_telnet = true;
        self.refuses_options |= (verb, option) == (Verb::Wont, NAWS);
        match (verb, option) {
            (Verb::Do, TIMING_MARK) => sink(Event::TimingMark),
            // RFC 860: the mark is never in force, so it needs no acknowledgement and no end; and we never request it, so a WILL or WONT of
            // it can only be an answer.
            (_, TIMING_MARK) => {}
            // A verb without an answer has no effect either: both sides agree about the state.
            _ if !self.pace.allows(now) => {}
            _ => {
                if let Some(reply) = self.options.receive(verb, option) {
                    sink(Event::Reply(reply));
                }
            }
        }
    }

    /// The byte after an IAC inside a subnegotiation.
    fn subnegotiation_command(&mut self, code: u8, now: Instant, sink: &mut impl FnMut(Event<'_>)) {
        match code {
            IAC => {
                self.state = State::Subnegotiation;
                self.subnegotiation.keep(IAC);
            }
            SUBNEGOTIATION_END => {
                self.state = State::Data;
                self.is_telnet = true;
                // Accepted even without an agreement: a size is harmless, and so the order of a client's WILL and its size does not matter.
                if let Some(&[NAWS, c1, c0, r1, r0]) = self.subnegotiation.take().as_deref() {
                    let columns = u16::from_be_bytes([c1, c0]);
                    let rows = u16::from_be_bytes([r1, r0]);
                    sink(Event::WindowSize { columns, rows });
                }
            }
            // RFC 855 allows nothing else here, so the end was lost. If the command were lost as well, a peer with an unfinished
            // subnegotiation could never interrupt again.
            _ => {
                self.subnegotiation.take();
                self.command(code, now, sink);
            }
        }
    }
}

/// The event of a command of one byte; `None` for NOP, DM and GA, which request nothing, for END-OF-RECORD (RFC 885), which is never
/// agreed, and for undefined commands.
fn event_of(code: u8) -> Option<Event<'static>> {
    match code {
        END_OF_FILE => Some(Event::EndOfFile),
        SUSPEND => Some(Event::Suspend),
        ABORT => Some(Event::Abort),
        BREAK => Some(Event::Break),
        INTERRUPT_PROCESS => Some(Event::Interrupt),
        ABORT_OUTPUT => Some(Event::AbortOutput),
        ARE_YOU_THERE => Some(Event::AreYouThere),
        ERASE_CHARACTER => Some(Event::EraseCharacter),
        ERASE_LINE => Some(Event::EraseLine),
        _ => None,
    }
}

/// The meaning of the next byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Data,
    Command,
    Negotiation(Verb),
    Subnegotiation,
    SubnegotiationCommand,
}

// RFC 1184, section 1, and from SUBNEGOTIATION_END on RFC 854.
const END_OF_FILE: u8 = 236;
const SUSPEND: u8 = 237;
const ABORT: u8 = 238;
const SUBNEGOTIATION_END: u8 = 240;
const BREAK: u8 = 243;
const INTERRUPT_PROCESS: u8 = 244;
const ABORT_OUTPUT: u8 = 245;
const ARE_YOU_THERE: u8 = 246;
const ERASE_CHARACTER: u8 = 247;
const ERASE_LINE: u8 = 248;
const SUBNEGOTIATION: u8 = 250;
const WILL: u8 = Verb::Will as u8;
const WONT: u8 = Verb::Wont as u8;
const DO: u8 = Verb::Do as u8;
const DONT: u8 = Verb::Dont as u8;
const IAC: u8 = 255;
