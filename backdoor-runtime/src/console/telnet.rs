//! The telnet filter: a peer's bytes become data and events, and it says what to send back. It has no I/O of its own, so
//! that nothing it does can depend on where a read ended.

use std::mem;

use self::options::{NAWS, Options, Side, TIMING_MARK, Verb};

mod options;

/// One connection's telnet state: the parser between two reads and what was negotiated.
///
/// A peer that never sends an IAC (`nc`, a script) passes through unchanged, so every TCP connection may have one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Telnet {
    state: State,
    options: Options,
    /// What came since `IAC SB`, the option first; `None` outside a subnegotiation and in one that is too long to keep.
    subnegotiation: Option<Vec<u8>>,
    is_telnet: bool,
    window_size_requested: bool,
}

/// What a peer's bytes mean, in the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// What was typed, never empty. A doubled IAC is one 0xFF here.
    Data(&'a [u8]),
    /// Bytes to send back to the peer, in order.
    Reply([u8; 3]),
    /// Interrupt Process (RFC 854): Ctrl-C in a client's line mode.
    Interrupt,
    /// Break (RFC 854): Ctrl-\ in a client's line mode.
    Break,
    /// Abort Output (RFC 854).
    AbortOutput,
    /// Are You There (RFC 854): answered with something that a person can see.
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
    /// `DO TIMING-MARK` (RFC 860): the session puts [`TIMING_MARK_REPLY`] where its output has caught up with this
    /// point of the input. A client that sent Ctrl-C throws away everything before that answer.
    TimingMark,
    /// The peer's window (RFC 1073). A 0 means that the peer does not know.
    WindowSize { columns: u16, rows: u16 },
}

/// `WILL TIMING-MARK`: the session's answer to [`Event::TimingMark`].
pub(crate) const TIMING_MARK_REPLY: [u8; 3] = [IAC, Verb::Will as u8, TIMING_MARK];

/// `NOP` (RFC 854): what a telnet client takes without showing it.
pub(crate) const NO_OPERATION: [u8; 2] = [IAC, 241];

/// The bytes of a subnegotiation that are kept, its option included. The longest of any real client is 80.
const SUBNEGOTIATION_LIMIT: usize = 256;

impl Telnet {
    /// A connection on which nothing was said yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes in what a read gave and calls `sink` with what it means.
    ///
    /// The events are the same however the input is cut, except that [`Event::Data`] ends where a read ends. The replies
    /// of one call are never longer than what came in, those to [`Event::TimingMark`] included.
    pub(crate) fn feed(&mut self, mut input: &[u8], sink: &mut impl FnMut(Event<'_>)) {
        while let Some(&byte) = input.first() {
            let mut used = 1;
            match self.state {
                State::Data if byte == IAC => self.state = State::Command,
                State::Data => {
                    used = input.iter().position(|&byte| byte == IAC).unwrap_or(input.len());
                    sink(Event::Data(&input[..used]));
                }
                // Not a command but a 0xFF of a peer that is no telnet, such as a Latin-1 letter from `nc`: the line is refused
                // later for not being UTF-8, and nothing is lost on the way.
                State::Command if byte.is_ascii() => {
                    self.state = State::Data;
                    sink(Event::Data(&[IAC, byte]));
                }
                State::Command => self.command(byte, sink),
                State::Negotiation(verb) => self.negotiation(verb, byte, sink),
                State::Subnegotiation if byte == IAC => self.state = State::SubnegotiationCommand,
                State::Subnegotiation => self.keep(byte),
                State::SubnegotiationCommand => self.subnegotiation_command(byte, sink),
            }
            input = &input[used..];
        }
    }

    /// Whether the peer has shown that it speaks telnet: true from its first complete command that RFC 854, 885 or 1184
    /// knows. `IAC IAC` is data, and an IAC before anything else is more likely a 0xFF of a peer that is not telnet.
    pub(crate) fn is_telnet(&self) -> bool {
        self.is_telnet
    }

    /// `DO NAWS`, to be sent once: `None` if it was asked already or the peer has offered it by itself.
    pub(crate) fn request_window_size(&mut self) -> Option<[u8; 3]> {
        if mem::replace(&mut self.window_size_requested, true) {
            return None;
        }
        self.options.request(Side::Theirs, NAWS, true)
    }

    /// The byte after an IAC.
    fn command(&mut self, code: u8, sink: &mut impl FnMut(Event<'_>)) {
        self.state = State::Data;
        match code {
            IAC => sink(Event::Data(&[IAC])),
            SUBNEGOTIATION => {
                self.subnegotiation = Some(Vec::new());
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
    fn negotiation(&mut self, verb: Verb, option: u8, sink: &mut impl FnMut(Event<'_>)) {
        self.state = State::Data;
        self.is_telnet = true;
        match (verb, option) {
            (Verb::Do, TIMING_MARK) => sink(Event::TimingMark),
            // RFC 860: the mark is never in force, so there is nothing to acknowledge or to switch off; and we ask for
            // none, so that a WILL or WONT of it can only be an answer.
            (_, TIMING_MARK) => {}
            _ => {
                if let Some(reply) = self.options.receive(verb, option) {
                    sink(Event::Reply(reply));
                }
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        if let Some(bytes) = &mut self.subnegotiation {
            if bytes.len() < SUBNEGOTIATION_LIMIT {
                bytes.push(byte);
            } else {
                self.subnegotiation = None;
            }
        }
    }

    /// The byte after an IAC inside a subnegotiation.
    fn subnegotiation_command(&mut self, code: u8, sink: &mut impl FnMut(Event<'_>)) {
        match code {
            IAC => {
                self.state = State::Subnegotiation;
                self.keep(IAC);
            }
            SUBNEGOTIATION_END => {
                self.state = State::Data;
                self.is_telnet = true;
                // Taken even if it was never agreed: a size can do no harm, and this way the order in which a client
                // sends its WILL and its size does not matter.
                if let Some(&[NAWS, c1, c0, r1, r0]) = self.subnegotiation.take().as_deref() {
                    let columns = u16::from_be_bytes([c1, c0]);
                    let rows = u16::from_be_bytes([r1, r0]);
                    sink(Event::WindowSize { columns, rows });
                }
            }
            // RFC 855 allows nothing else here, so the end was lost. Were the command lost as well, a peer that left
            // one subnegotiation open could never interrupt again.
            _ => {
                self.subnegotiation = None;
                self.command(code, sink);
            }
        }
    }
}

/// What a command of one byte asks for; `None` for NOP, DM and GA, which ask for nothing, for END-OF-RECORD (RFC 885),
/// to which we never agreed, and for what no RFC defines.
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

/// What the next byte is.
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

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    /// What a connection said: every byte of data in hex, a reply in brackets, every other event by its name. Bytes have
    /// no borders here, so that two cuts of one input read alike.
    #[derive(Default)]
    struct Transcript {
        text: String,
        bytes_out: usize,
    }

    impl Transcript {
        fn record(&mut self, event: Event<'_>) {
            match event {
                Event::Data(bytes) => {
                    assert!(!bytes.is_empty());
                    bytes.iter().for_each(|&byte| self.hex(byte));
                }
                Event::Reply(reply) => {
                    self.bytes_out += reply.len();
                    self.text.push_str("[ ");
                    reply.iter().for_each(|&byte| self.hex(byte));
                    self.text.push_str("] ");
                }
                Event::WindowSize { columns, rows } => {
                    write!(self.text, "{columns}x{rows} ").expect("a String takes it");
                }
                other => {
                    if other == Event::TimingMark {
                        self.bytes_out += TIMING_MARK_REPLY.len();
                    }
                    write!(self.text, "{other:?} ").expect("a String takes it");
                }
            }
        }

        fn hex(&mut self, byte: u8) {
            let digits = b"0123456789abcdef";
            for digit in [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]] {
                self.text.push(char::from(digit));
            }
            self.text.push(' ');
        }
    }

    fn bytes(hex: &str) -> Vec<u8> {
        hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect()
    }

    /// Feeds the input whole, by single bytes and cut once at every place: always the same.
    fn check_with(mut begin: impl FnMut() -> Telnet, input: &[u8], expected: &str) -> Telnet {
        let mut last = begin();
        for cut in 0..=input.len() + 1 {
            let (mut telnet, mut seen) = (begin(), Transcript::default());
            if cut > input.len() {
                input.chunks(1).for_each(|byte| telnet.feed(byte, &mut |event| seen.record(event)));
            } else {
                telnet.feed(&input[..cut], &mut |event| seen.record(event));
                telnet.feed(&input[cut..], &mut |event| seen.record(event));
            }
            assert_eq!(seen.text.trim_end(), expected, "{input:02x?} cut at {cut}");
            assert!(seen.bytes_out <= input.len(), "{input:02x?}");
            last = telnet;
        }
        last
    }

    fn check(hex: &str, expected: &str) -> Telnet {
        check_with(Telnet::new, &bytes(hex), expected)
    }

    #[test]
    fn data_passes_and_a_doubled_iac_is_one() {
        check("", "");
        check("68 69 0d 0a", "68 69 0d 0a");
        check("c3 a9 e2 82 ac 00 0d 00", "c3 a9 e2 82 ac 00 0d 00");
        check("ff ff", "ff");
        check("61 ff ff 62 ff ff ff ff 63", "61 ff 62 ff ff 63");
    }

    #[test]
    fn commands() {
        check("61 ff f1 62", "61 62");
        check("61 ff f2 62", "61 62");
        check("61 ff f9 62", "61 62");
        check("61 ff ef 62 ff f0 63", "61 62 63");
        check("61 ff 00 62 ff 41 63 ff eb 64", "61 ff 00 62 ff 41 63 64");
        check("61 ff f3 62", "61 Break 62");
        check("61 ff f4 62", "61 Interrupt 62");
        check("61 ff f5 62", "61 AbortOutput 62");
        check("61 ff f6 62", "61 AreYouThere 62");
        check("61 ff f7 62", "61 EraseCharacter 62");
        check("61 ff f8 62", "61 EraseLine 62");
        check("61 ff ec 62", "61 EndOfFile 62");
        check("61 ff ed 62", "61 Suspend 62");
        check("61 ff ee 62", "61 Abort 62");
    }

    #[test]
    fn what_real_clients_send() {
        // plink at once; inetutils and netkit after Ctrl-C, Ctrl-Z and Ctrl-\ in line mode.
        check(
            "ff fb 1f ff fb 20 ff fb 18 ff fb 27 ff fd 01 ff fb 03 ff fd 03",
            "[ ff fd 1f ] [ ff fe 20 ] [ ff fe 18 ] [ ff fe 27 ] [ ff fc 01 ] [ ff fe 03 ] [ ff fc 03 ]",
        );
        check("ff f4 ff fd 06", "Interrupt TimingMark");
        check("ff ed ff fd 06", "Suspend TimingMark");
        check("ff f3 ff fd 06", "Break TimingMark");
        check("03 08 7f 04", "03 08 7f 04");
        // Urgent data: with SO_OOBINLINE the IAC of `send synch` stays, without it a lone F2 is data and no UTF-8.
        check("ff f2", "");
        check("f2", "f2");
        // TTYPE IS xterm, NEW-ENVIRON with a USER, and an SLC of 49 bytes, none of which we asked for.
        check("ff fa 18 00 78 74 65 72 6d ff f0 61", "61");
        check("ff fa 27 00 00 55 53 45 52 01 6d 65 ff f0 61", "61");
        check(&format!("ff fb 22 ff fa 22 03 {} ff f0 61", "07 02 08 ".repeat(16)), "[ ff fe 22 ] 61");
    }

    #[test]
    fn window_sizes() {
        check("ff fa 1f 00 50 00 18 ff f0", "80x24");
        check("ff fa 1f 00 ff ff 00 32 ff f0", "255x50");
        check("ff fa 1f ff ff ff ff ff ff ff ff ff f0", "65535x65535");
        check("ff fa 1f 00 00 00 00 ff f0", "0x0");
        check("68 65 ff fa 1f 00 78 00 28 ff f0 6c 70 0d 0a", "68 65 120x40 6c 70 0d 0a");
        check("ff fa 1f 00 50 00 ff f0 61", "61");
        check("ff fa 1f 00 50 00 18 00 ff f0 61", "61");
        check("ff fb 1f ff fa 1f 00 50 00 18 ff f0", "[ ff fd 1f ] 80x24");
    }

    #[test]
    fn broken_subnegotiations() {
        check("ff fa ff f0 61", "61");
        check("ff fa 1f 00 50 61 62 63 0d 0a", "");
        // The end is missing, and what follows it counts.
        check("ff fa fe", "");
        check("ff fa 1f 00 ff f4 61", "Interrupt 61");
        check("ff fa 1f 00 ff fd 01 61", "[ ff fc 01 ] 61");
        check("ff fa 1f 00 ff fa 1f 00 50 00 18 ff f0 61", "80x24 61");
        check("ff fa 1f 00 50 00 18 ff 41 61 ff f0 62", "61 62");
    }

    #[test]
    fn negotiation_never_acknowledges_twice() {
        check("ff fb 1f ff fb 1f ff fb 1f", "[ ff fd 1f ]");
        check("ff fb 1f ff fc 1f ff fc 1f", "[ ff fd 1f ] [ ff fe 1f ]");
        check("ff fb 1f ff fc 1f ff fb 1f", "[ ff fd 1f ] [ ff fe 1f ] [ ff fd 1f ]");
        check("ff fe 01 ff fc 01 ff fe 1f ff fc 1f", "");
        check("ff fd 01 ff fd 01", "[ ff fc 01 ] [ ff fc 01 ]");
        check("ff fd 1f ff fb ff ff fd ff", "[ ff fc 1f ] [ ff fe ff ] [ ff fc ff ]");
        check("ff fd 06 ff fd 06", "TimingMark TimingMark");
        check("ff fb 06 ff fc 06 ff fe 06", "");
        for option in (0..=u8::MAX).filter(|&option| option != NAWS && option != TIMING_MARK) {
            let input = [IAC, WILL, option, IAC, DO, option, IAC, WONT, option, IAC, DONT, option];
            check_with(Telnet::new, &input, &format!("[ ff fe {option:02x} ] [ ff fc {option:02x} ]"));
        }
    }

    #[test]
    fn the_window_size_is_asked_for_once() {
        let asked = || {
            let mut telnet = Telnet::new();
            assert_eq!(telnet.request_window_size(), Some([0xff, 0xfd, 0x1f]));
            assert_eq!(telnet.request_window_size(), None);
            telnet
        };
        let check_asked = |hex, expected| check_with(asked, &bytes(hex), expected);
        assert_eq!(check_asked("ff fb 1f", "").request_window_size(), None);
        assert_eq!(check_asked("ff fc 1f", "").request_window_size(), None);
        check_asked("ff fb 1f ff fb 1f ff fa 1f 00 50 00 18 ff f0", "80x24");
        check_asked("ff fc 1f ff fb 1f", "[ ff fd 1f ]");
        check_asked("ff fd 1f", "[ ff fc 1f ]");
        assert_eq!(check("ff fb 1f", "[ ff fd 1f ]").request_window_size(), None);
    }

    #[test]
    fn a_peer_is_telnet_from_its_first_complete_command() {
        for hex in ["61", "ff", "ff ff", "ff fb", "ff fa", "ff fa 1f 00 ff", "ff fa ff ff", "ff 41"] {
            let mut telnet = Telnet::new();
            telnet.feed(&bytes(hex), &mut |_| {});
            assert!(!telnet.is_telnet(), "{hex}");
        }
        for hex in ["ff f1", "ff f4", "ff ec", "ff fb 1f", "ff fe 01", "ff fd 06", "ff fa 18 ff f0"] {
            let mut telnet = Telnet::new();
            telnet.feed(&bytes(hex), &mut |_| {});
            assert!(telnet.is_telnet(), "{hex}");
        }
    }

    #[test]
    fn memory_is_bounded_and_given_back() {
        assert!(size_of::<Telnet>() <= 128);
        let mut telnet = Telnet::new();
        telnet.feed(&[IAC, SUBNEGOTIATION], &mut |_| {});
        for kept in 1..=SUBNEGOTIATION_LIMIT {
            telnet.feed(&[7], &mut |_| {});
            let buffer = telnet.subnegotiation.as_ref().expect("still kept");
            assert_eq!(buffer.len(), kept);
            assert!(buffer.capacity() <= SUBNEGOTIATION_LIMIT);
        }
        telnet.feed(&[7; 100_000], &mut |_| {});
        assert_eq!(telnet.subnegotiation, None);
        telnet.feed(&[IAC, SUBNEGOTIATION_END], &mut |_| panic!("too long to mean anything"));
        let expected = Telnet { is_telnet: true, ..Telnet::new() };
        assert_eq!(telnet, expected);
        telnet.feed(&bytes("ff fa 1f 00 50 00 18 ff f0"), &mut |_| {});
        assert_eq!(telnet, expected);
    }

    /// 300,000 inputs full of IACs, whole and cut at random: the same events, the same state afterwards, and never more
    /// bytes out than in.
    #[test]
    fn the_events_do_not_depend_on_the_cuts() {
        const LIKELY: &[u8] = &[
            IAC,
            IAC,
            IAC,
            IAC,
            IAC,
            IAC,
            IAC,
            SUBNEGOTIATION,
            SUBNEGOTIATION,
            SUBNEGOTIATION_END,
            WILL,
            WONT,
            DO,
            DONT,
            NAWS,
            NAWS,
            TIMING_MARK,
            INTERRUPT_PROCESS,
            0,
            1,
            b'a',
            b'\r',
            b'\n',
        ];
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 33) as usize % below
        };
        let mut input = Vec::new();
        for round in 0..300_000 {
            input.clear();
            for _ in 0..next(24) {
                input.push(if next(8) == 0 { next(256) as u8 } else { LIKELY[next(LIKELY.len())] });
            }
            if round % 1000 == 0 {
                input.extend([IAC, SUBNEGOTIATION, NAWS, 0, 80, 0, 24]);
                input.resize(input.len() + next(2 * SUBNEGOTIATION_LIMIT), 9);
                input.extend([IAC, SUBNEGOTIATION_END, b'a']);
            }
            let (mut whole, mut cut) = (Telnet::new(), Telnet::new());
            if next(2) == 0 {
                assert_eq!(whole.request_window_size(), cut.request_window_size());
            }
            let (mut of_whole, mut of_cut) = (Transcript::default(), Transcript::default());
            whole.feed(&input, &mut |event| of_whole.record(event));
            let mut rest = input.as_slice();
            while !rest.is_empty() {
                let (head, tail) = rest.split_at((1 + next(6)).min(rest.len()));
                cut.feed(head, &mut |event| of_cut.record(event));
                rest = tail;
            }
            assert_eq!(of_whole.text, of_cut.text, "{input:02x?}");
            assert_eq!(whole, cut, "{input:02x?}");
            assert!(of_whole.bytes_out <= input.len(), "{input:02x?}");
        }
    }
}
