//! The filter as a whole: the events do not depend on how the input is split.

use std::fmt::Write;
use std::sync::LazyLock;
use std::time::Duration;

use super::*;

const SUBNEGOTIATION_LIMIT: usize = 256;

/// The time of all input in a test.
static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);

fn begin() -> Telnet {
    Telnet::new(SUBNEGOTIATION_LIMIT, usize::MAX)
}

/// The events of a connection: every byte of data in hex, a reply in brackets, every other event by its name. Consecutive data is not
/// separated, so that two splits of one input read the same.
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

/// Feeds the input whole, by single bytes and split once at every place: the result is always the same.
fn check_with(mut begin: impl FnMut() -> Telnet, input: &[u8], expected: &str) -> Telnet {
    let mut last = begin();
    for cut in 0..=input.len() + 1 {
        let (mut telnet, mut seen) = (begin(), Transcript::default());
        if cut > input.len() {
            input.chunks(1).for_each(|byte| telnet.feed(byte, *NOW, &mut |event| seen.record(event)));
        } else {
            telnet.feed(&input[..cut], *NOW, &mut |event| seen.record(event));
            telnet.feed(&input[cut..], *NOW, &mut |event| seen.record(event));
        }
        assert_eq!(seen.text.trim_end(), expected, "{input:02x?} cut at {cut}");
        assert!(seen.bytes_out <= input.len(), "{input:02x?}");
        last = telnet;
    }
    last
}

fn check(hex: &str, expected: &str) -> Telnet {
    check_with(begin, &bytes(hex), expected)
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
    // plink at its start; inetutils and netkit after Ctrl-C, Ctrl-Z and Ctrl-\ in line mode.
    check(
        "ff fb 1f ff fb 20 ff fb 18 ff fb 27 ff fd 01 ff fb 03 ff fd 03",
        "[ ff fd 1f ] [ ff fe 20 ] [ ff fe 18 ] [ ff fe 27 ] [ ff fc 01 ] [ ff fe 03 ] [ ff fc 03 ]",
    );
    check("ff f4 ff fd 06", "Interrupt TimingMark");
    check("ff ed ff fd 06", "Suspend TimingMark");
    check("ff f3 ff fd 06", "Break TimingMark");
    check("03 08 7f 04", "03 08 7f 04");
    // Urgent data: with SO_OOBINLINE the IAC of `send synch` stays; without it a lone F2 is data and invalid UTF-8.
    check("ff f2", "");
    check("f2", "f2");
    // TTYPE IS xterm, NEW-ENVIRON with a USER, and an SLC of 49 bytes, none of which was requested.
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
    // The end is missing, and the bytes after it count.
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
        check_with(begin, &input, &format!("[ ff fe {option:02x} ] [ ff fc {option:02x} ]"));
    }
}

#[test]
fn the_window_size_is_asked_for_once() {
    let asked = || {
        let mut telnet = begin();
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
        let mut telnet = begin();
        telnet.feed(&bytes(hex), *NOW, &mut |_| {});
        assert!(!telnet.is_telnet(), "{hex}");
    }
    for hex in ["ff f1", "ff f4", "ff ec", "ff fb 1f", "ff fe 01", "ff fd 06", "ff fa 18 ff f0"] {
        let mut telnet = begin();
        telnet.feed(&bytes(hex), *NOW, &mut |_| {});
        assert!(telnet.is_telnet(), "{hex}");
    }
}

#[test]
fn an_idle_connection_is_small() {
    assert!(size_of::<Telnet>() <= 136);
}

#[test]
fn a_subnegotiation_that_is_too_long_ends_with_the_line() {
    let long = "07 ".repeat(SUBNEGOTIATION_LIMIT + 1);
    check(&format!("61 ff fa {long} 0d 0a 62"), "61 Unfinished 0a 62");
    check(&format!("61 ff fa {long} 07 ff f0 62"), "61 62");
    check(&format!("61 ff fa {long} ff f4 62"), "61 Interrupt 62");
    let longest = "0a ".repeat(SUBNEGOTIATION_LIMIT);
    check(&format!("61 ff fa {longest} ff f0 62"), "61 62");
}

#[test]
fn an_open_subnegotiation_can_be_dropped() {
    let (mut telnet, mut seen) = (begin(), Transcript::default());
    telnet.feed(&bytes("61 ff fa 1f 00"), *NOW, &mut |event| seen.record(event));
    assert_eq!(telnet.unfinished_since(), Some(*NOW));
    telnet.drop_unfinished(&mut |event| seen.record(event));
    assert_eq!(telnet.unfinished_since(), None);
    telnet.feed(&bytes("62 ff fa 1f 00 50 00 18 ff f0"), *NOW, &mut |event| seen.record(event));
    assert_eq!(seen.text.trim_end(), "61 Unfinished 62 80x24");
}

#[test]
fn endless_telnet_requests_get_no_answer() {
    let (mut telnet, mut seen) = (Telnet::new(SUBNEGOTIATION_LIMIT, 2), Transcript::default());
    let mut feed = |hex, after| {
        let now = *NOW + Duration::from_millis(after);
        telnet.feed(&bytes(hex), now, &mut |event| seen.record(event));
        mem::take(&mut seen.text)
    };
    assert_eq!(
        feed("ff fd 01 ff fd 03 ff fb 1f ff fd 06 ff f6", 0),
        "[ ff fc 01 ] [ ff fc 03 ] TimingMark AreYouThere "
    );
    assert_eq!(feed("ff fb 1f", 999), "");
    // A verb without an answer changes no state.
    assert_eq!(feed("ff fb 1f", 1000), "[ ff fd 1f ] ");
}

/// 300,000 inputs full of IACs, whole and split at random: the same events, the same state afterwards, and never more bytes of output than
/// of input.
#[test]
fn events_do_not_depend_on_packet_boundaries() {
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
        let (mut whole, mut cut) = (begin(), begin());
        if next(2) == 0 {
            assert_eq!(whole.request_window_size(), cut.request_window_size());
        }
        let (mut of_whole, mut of_cut) = (Transcript::default(), Transcript::default());
        whole.feed(&input, *NOW, &mut |event| of_whole.record(event));
        let mut rest = input.as_slice();
        while !rest.is_empty() {
            let (head, tail) = rest.split_at((1 + next(6)).min(rest.len()));
            cut.feed(head, *NOW, &mut |event| of_cut.record(event));
            rest = tail;
        }
        assert_eq!(of_whole.text, of_cut.text, "{input:02x?}");
        assert_eq!(whole, cut, "{input:02x?}");
        assert!(of_whole.bytes_out <= input.len(), "{input:02x?}");
    }
}
