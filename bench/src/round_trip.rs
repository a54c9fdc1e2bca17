//! One line there, its answer back, on one core: what the console adds to a bare server of the same transport.

use std::time::Instant;

use crate::against::{self, Trees};
use crate::child::{Child, Program};
use crate::client::{Client, Transport};
use crate::machine::Pinned;
use crate::statistics::{ROUNDS, median, median_ratio, shuffle};
use crate::table::{Aim, Row, Table};
use crate::{instructions, look_up, system_calls};

/// Round trips of one candidate in one round, after as many as warm it up.
const TRIPS: usize = 2_000;
const WARM_UP: usize = 300;

/// What has to come back, where that is known.
type Answer = Option<&'static [u8]>;

struct Candidate<'a> {
    child: &'a Child,
    line: &'static [u8],
    answer: Answer,
    transport: Transport,
    /// Microseconds, a median of each round.
    rounds: Vec<f64>,
}

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    let _pinned = Pinned::to_one_core()?;
    let start = |kind: &str| Child::start(Program::Plain, kind);
    let (console, echo, spawn, thread) =
        (start("console")?, start("echo")?, start("spawn")?, start("thread")?);
    // As far behind the service as the console: on one core the kernel lets the driver go before it, at each of the driver's wake-ups.
    let behind = start("echo-behind")?;
    let word: Answer = Some(b"word\n");
    let kinds: [(&Child, &'static [u8], Answer); 8] = [
        (&echo, b"uptime\n", Some(b"uptime\n")),
        (&behind, b"uptime\n", Some(b"uptime\n")),
        (&spawn, b"uptime\n", Some(b"uptime\n")),
        (&thread, b"uptime\n", Some(b"uptime\n")),
        (&console, b"uptime\n", None),
        (&console, b"echo console word\n", word),
        (&console, b"echo sync word\n", word),
        (&console, b"echo async word\n", word),
    ];
    for transport in Transport::ALL {
        let mut candidates = kinds.map(|(child, line, answer)| {
            let rounds = Vec::new();
            Candidate { child, line, answer, transport, rounds }
        });
        for _ in 0..ROUNDS {
            let mut order: Vec<usize> = (0..candidates.len()).collect();
            shuffle(&mut order);
            for at in order {
                candidates[at].measure()?;
            }
        }
        let [echo, behind, spawn, thread, built_in, console, sync, r#async] = candidates;
        let against = [
            ("built-in `uptime`", &built_in, "bare echo", &echo, Aim::RatioAtMost(1.15)),
            ("built-in `uptime`", &built_in, "bare echo, as nice", &behind, Aim::RatioAtMost(1.15)),
            ("command on the console's thread", &console, "bare echo", &echo, Aim::None),
            ("synchronous command", &sync, "bare echo", &echo, Aim::RatioAtMost(4.0)),
            ("synchronous command", &sync, "bare hop to a thread", &thread, Aim::None),
            ("asynchronous command", &r#async, "bare spawn", &spawn, Aim::RatioAtMost(1.3)),
            ("asynchronous command", &r#async, "bare echo", &echo, Aim::None),
        ];
        for (name, ours, baseline_name, baseline, aim) in against {
            let name = format!("round trip, {name}, {}", transport.name());
            let ratio = median_ratio(&ours.rounds, &baseline.rounds);
            let row = Row::new(name, median(&mut ours.rounds.clone()), "µs");
            table
                .push(row.against(baseline_name, median(&mut baseline.rounds.clone()), Some(ratio)).aim(aim));
        }
    }
    Ok(())
}

/// Lines without options, in both trees: times, and what does not depend on the machine.
pub(crate) fn against(table: &mut Table, trees: &Trees) -> anyhow::Result<()> {
    const LINES: [(&str, &str); 4] = [
        ("built-in `uptime`", "uptime\n"),
        ("command on the console's thread", "echo console word\n"),
        ("synchronous command", "echo sync word\n"),
        ("asynchronous command", "echo async word\n"),
    ];
    /// What a thread of the console's may do meanwhile.
    const NONE_MORE: Aim = Aim::RatioAtMost(1.01);
    let _pinned = Pinned::to_one_core()?;
    let [ours, other] = [trees[0].program("bench")?, trees[1].program("bench")?];
    let children =
        [Child::start(Program::At(&ours), "console")?, Child::start(Program::At(&other), "console")?];
    for (name, line) in LINES {
        for transport in Transport::ALL {
            let name = format!("round trip, {name}, {}", transport.name());
            against::compare(table, &name, "µs", |tree| {
                let (rounds, line) = (Vec::new(), line.as_bytes());
                let mut candidate =
                    Candidate { child: &children[tree], line, answer: None, transport, rounds };
                candidate.measure()?;
                Ok(candidate.rounds[0])
            })?;
        }
    }
    if system_calls::can_be_counted() {
        for (name, line) in LINES {
            let name = format!("system calls a line, {name}");
            against::count(table, &name, "calls", NONE_MORE, |tree| {
                system_calls::a_line(&children[tree], line.as_bytes())
            })?;
        }
    }
    drop(children);
    let [ours, other] = [trees[0].program("bench-heap")?, trees[1].program("bench-heap")?];
    let mut children =
        [Child::start(Program::At(&ours), "console")?, Child::start(Program::At(&other), "console")?];
    for (name, line) in LINES {
        let name = format!("allocations a line, {name}");
        against::count(table, &name, "", NONE_MORE, |tree| {
            look_up::allocations(&mut children[tree], line.as_bytes())
        })?;
    }
    drop(children);
    if !instructions::can_be_counted() {
        eprintln!(
            "   instructions are not counted: there is no valgrind here (Debian: apt-get install valgrind)"
        );
        return Ok(());
    }
    for (name, line) in LINES {
        let name = format!("instructions a line, {name}");
        against::count(table, &name, "", Aim::RatioAtMost(1.01), |tree| {
            instructions::a_line(&trees[tree].program("bench")?, line.as_bytes())
        })?;
    }
    Ok(())
}

impl Candidate<'_> {
    fn measure(&mut self) -> anyhow::Result<()> {
        let mut client = Client::connect(self.child, self.transport)?;
        for _ in 0..WARM_UP {
            client.round_trip(self.line, self.answer)?;
        }
        let mut trips = Vec::with_capacity(TRIPS);
        for _ in 0..TRIPS {
            let begin = Instant::now();
            client.round_trip(self.line, self.answer)?;
            trips.push(begin.elapsed().as_secs_f64() * 1e6);
        }
        self.rounds.push(median(&mut trips));
        Ok(())
    }
}
