//! The options agreed with a telnet peer: the state of every option on both sides as in RFC 1143, because without that state two correct
//! programs can acknowledge each other for ever.

use super::IAC;

/// RFC 860. Not negotiated here: every `DO TIMING-MARK` is a request of its own.
pub(super) const TIMING_MARK: u8 = 6;

/// RFC 856.
pub(super) const BINARY: u8 = 0;

/// Negotiate About Window Size, RFC 1073.
pub(super) const NAWS: u8 = 31;

/// The four verbs of option negotiation, RFC 854, with their codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Will = 251,
    Wont = 252,
    Do = 253,
    Dont = 254,
}

/// The side that performs an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// "us" in RFC 1143: the peer says DO and DONT, we say WILL and WONT.
    Ours,
    /// The peer, for which RFC 1143 uses the third person: the peer says WILL and WONT, we say DO and DONT.
    Theirs,
}

/// The states of all options.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// Only options that are not off. A peer cannot make it grow: an option leaves [`State::No`] only if we accept or request it, and those
    /// are few.
    active: Vec<(Side, u8, State)>,
}

impl Options {
    /// Handles the peer's verb for `option`, and returns the answer, if one is due: at most one for each verb, and none to an answer (RFC
    /// 1143, section 7).
    pub(super) fn receive(&mut self, verb: Verb, option: u8) -> Option<[u8; 3]> {
        let (side, on) = match verb {
            Verb::Will => (Side::Theirs, true),
            Verb::Wont => (Side::Theirs, false),
            Verb::Do => (Side::Ours, true),
            Verb::Dont => (Side::Ours, false),
        };
        let state = self.state(side, option);
        let (next, answer) = match (state, on) {
            (State::No, true) if agrees(side, option) => (State::Yes, Some(true)),
            (State::No, true) => (State::No, Some(false)),
            (State::No, false) | (State::Yes, true) => (state, None),
            (State::Yes, false) => (State::No, Some(false)),
            // A "yes" to our "no" is the peer's error; RFC 1143 treats it as "no".
            (State::WantNo, _) => (State::No, None),
            (State::WantNoThenYes, true) => (State::Yes, None),
            (State::WantNoThenYes, false) => (State::WantYes, Some(true)),
            (State::WantYes, true) => (State::Yes, None),
            (State::WantYes, false) => (State::No, None),
            (State::WantYesThenNo, true) => (State::WantNo, Some(false)),
            (State::WantYesThenNo, false) => (State::No, None),
        };
        self.set(side, option, next);
        answer.map(|on| say(side, on, option))
    }

    /// Requests `option` to be switched on or off. Returns the bytes to send, or `None` if it is in that state already, was requested
    /// already, or has to wait for the peer's answer to the opposite (RFC 1143, section 7, with the queue).
    pub(super) fn request(&mut self, side: Side, option: u8, on: bool) -> Option<[u8; 3]> {
        let (next, sends) = match (self.state(side, option), on) {
            (State::No, true) => (State::WantYes, true),
            (State::Yes, false) => (State::WantNo, true),
            (State::WantNo, true) => (State::WantNoThenYes, false),
            (State::WantNoThenYes, false) => (State::WantNo, false),
            (State::WantYes, false) => (State::WantYesThenNo, false),
            (State::WantYesThenNo, true) => (State::WantYes, false),
            (state, _) => (state, false),
        };
        self.set(side, option, next);
        sends.then(|| say(side, on, option))
    }

    fn state(&self, side: Side, option: u8) -> State {
        self.active
            .iter()
            .find(|&&(other_side, other, _)| (other_side, other) == (side, option))
            .map_or(State::No, |&(_, _, state)| state)
    }

    fn set(&mut self, side: Side, option: u8, state: State) {
        self.active.retain(|&(other_side, other, _)| (other_side, other) != (side, option));
        if state != State::No {
            self.active.push((side, option, state));
        }
    }
}

/// The states of RFC 1143, section 7, with its queue bit: `Then` is a queue that holds the opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    No,
    Yes,
    WantNo,
    WantNoThenYes,
    WantYes,
    WantYesThenNo,
}

/// The options that a peer may switch on by itself. None of ours: the client keeps its own line mode and echo, and refusing its
/// SUPPRESS-GO-AHEAD has no effect, because no client waits for GA.
fn agrees(side: Side, option: u8) -> bool {
    (side, option) == (Side::Theirs, NAWS)
}

fn say(side: Side, on: bool, option: u8) -> [u8; 3] {
    let verb = match (side, on) {
        (Side::Ours, true) => Verb::Will,
        (Side::Ours, false) => Verb::Wont,
        (Side::Theirs, true) => Verb::Do,
        (Side::Theirs, false) => Verb::Dont,
    };
    [IAC, verb as u8, option]
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    const ECHO: u8 = 1;
    const SIDES: [Side; 2] = [Side::Ours, Side::Theirs];

    fn verb(side: Side, on: bool) -> Verb {
        match (side, on) {
            (Side::Ours, true) => Verb::Do,
            (Side::Ours, false) => Verb::Dont,
            (Side::Theirs, true) => Verb::Will,
            (Side::Theirs, false) => Verb::Wont,
        }
    }

    fn in_state(side: Side, option: u8, state: State) -> Options {
        let mut options = Options::default();
        options.set(side, option, state);
        options
    }

    /// The whole table of RFC 1143, section 7: received verb, next state, answer.
    #[test]
    fn a_received_verb() {
        let check = |state, on, next, answer: Option<bool>| {
            for side in SIDES {
                let mut options = in_state(side, ECHO, state);
                let sent = options.receive(verb(side, on), ECHO);
                assert_eq!(sent, answer.map(|on| say(side, on, ECHO)), "{side:?} {state:?} {on}");
                assert_eq!(options, in_state(side, ECHO, next), "{side:?} {state:?} {on}");
            }
        };
        check(State::No, true, State::No, Some(false));
        check(State::No, false, State::No, None);
        check(State::Yes, true, State::Yes, None);
        check(State::Yes, false, State::No, Some(false));
        check(State::WantNo, true, State::No, None);
        check(State::WantNo, false, State::No, None);
        check(State::WantNoThenYes, true, State::Yes, None);
        check(State::WantNoThenYes, false, State::WantYes, Some(true));
        check(State::WantYes, true, State::Yes, None);
        check(State::WantYes, false, State::No, None);
        check(State::WantYesThenNo, true, State::WantNo, Some(false));
        check(State::WantYesThenNo, false, State::No, None);
    }

    #[test]
    fn a_request_of_ours() {
        let check = |state, on, next, sends: bool| {
            for side in SIDES {
                let mut options = in_state(side, ECHO, state);
                let sent = options.request(side, ECHO, on);
                assert_eq!(sent, sends.then(|| say(side, on, ECHO)), "{side:?} {state:?} {on}");
                assert_eq!(options, in_state(side, ECHO, next), "{side:?} {state:?} {on}");
            }
        };
        check(State::No, true, State::WantYes, true);
        check(State::No, false, State::No, false);
        check(State::Yes, true, State::Yes, false);
        check(State::Yes, false, State::WantNo, true);
        check(State::WantNo, true, State::WantNoThenYes, false);
        check(State::WantNo, false, State::WantNo, false);
        check(State::WantNoThenYes, true, State::WantNoThenYes, false);
        check(State::WantNoThenYes, false, State::WantNo, false);
        check(State::WantYes, true, State::WantYes, false);
        check(State::WantYes, false, State::WantYesThenNo, false);
        check(State::WantYesThenNo, true, State::WantYes, false);
        check(State::WantYesThenNo, false, State::WantYesThenNo, false);
    }

    #[test]
    fn only_window_size_is_agreed_to_in_bounded_memory() {
        let mut options = Options::default();
        for option in 0..=u8::MAX {
            let will = options.receive(Verb::Will, option);
            let wish = if option == NAWS { Verb::Do } else { Verb::Dont };
            assert_eq!(will, Some([IAC, wish as u8, option]));
            assert_eq!(options.receive(Verb::Do, option), Some([IAC, Verb::Wont as u8, option]));
        }
        assert_eq!(options.active, [(Side::Theirs, NAWS, State::Yes)]);
    }

    /// Two instances, connected by two queues, change their requests at every moment: they stop sending and agree on the state.
    #[test]
    fn two_peers_never_loop_and_end_agreed() {
        for seed in 0..4096_u32 {
            let mut ends = [Options::default(), Options::default()];
            let mut wires = [VecDeque::new(), VecDeque::new()];
            for step in 0..12 {
                let end = (seed >> step & 1) as usize;
                let side = SIDES[step % 2];
                wires[end].extend(ends[end].request(side, NAWS, seed >> (step / 2) & 1 == 0));
                if seed >> (11 - step) & 1 == 0 {
                    deliver(&mut ends, &mut wires, end);
                }
            }
            for _ in 0..100 {
                deliver(&mut ends, &mut wires, 0);
                deliver(&mut ends, &mut wires, 1);
            }
            assert!(wires.iter().all(VecDeque::is_empty), "seed {seed}");
            for [a, b] in [[0, 1], [1, 0]] {
                let state = ends[a].state(Side::Ours, NAWS);
                assert_eq!(state, ends[b].state(Side::Theirs, NAWS), "seed {seed}");
                assert!(matches!(state, State::Yes | State::No), "seed {seed}");
            }
        }
    }

    fn deliver(ends: &mut [Options; 2], wires: &mut [VecDeque<[u8; 3]>; 2], from: usize) {
        let Some([_, code, option]) = wires[from].pop_front() else { return };
        let verbs = [Verb::Will, Verb::Wont, Verb::Do, Verb::Dont];
        let verb = verbs.into_iter().find(|&verb| verb as u8 == code).expect("`say` writes only verbs");
        wires[1 - from].extend(ends[1 - from].receive(verb, option));
    }
}
