//! What it costs that an object is counted, beside a `Box` and an `Arc`, in units of one `Instant::now()` of the same round; and how
//! long the views take where there are many.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use backdoor_runtime::objects;
use backdoor_runtime::{Backdoor, Track, TrackGuard, Tracked};

use crate::statistics::{ROUNDS, median, median_ratio, rounds};
use crate::table::{Aim, Row, Table};
use crate::together::together;

/// Made and dropped, so often, by each thread.
const TIMES: u32 = 50_000;

/// Objects in the views.
const CROWD: usize = 100_000;

#[derive(Track)]
struct Guarded {
    number: u64,
    track: TrackGuard<Self>,
}

#[derive(Debug)]
struct Order {
    id: u64,
    item: &'static str,
}

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    for threads in [1, 8] {
        let case = if threads == 1 { "1 thread" } else { "8 threads" };
        let [clock, boxed, guarded, arc, tracked] =
            rounds([now, a_box, a_guarded_box, an_arc, a_tracked].map(|measured| move || measured(threads)));
        for (name, beside, plain, ours, most) in
            [("guard", "a Box", &boxed, &guarded, 3.0), ("Tracked", "an Arc", &arc, &tracked, 5.0)]
        {
            let row = Row::new(format!("{name}, made and dropped, {case}"), median(&mut ours.clone()), "ns");
            let ratio = median_ratio(ours, plain);
            table.push(row.against(beside, median(&mut plain.clone()), Some(ratio)));
            let mut added: Vec<f64> = ours.iter().zip(plain).map(|(ours, plain)| ours - plain).collect();
            let ratio = median_ratio(&added, &clock);
            let row = Row::new(format!("{name}, added, {case}"), median(&mut added), "ns");
            let clock = median(&mut clock.clone());
            table.push(row.against("Instant::now()", clock, Some(ratio)).aim(Aim::RatioAtMost(most)));
        }
    }
    views(table)
}

fn views(table: &mut Table) -> anyhow::Result<()> {
    let crowd: Vec<Tracked<Order>> =
        (0..CROWD as u64).map(|id| Tracked::new(Order { id, item: "lantern" })).collect();
    let console = Backdoor::testing().max_answer(usize::MAX);
    let found = |line: &str| console.run(line).value.as_list().map_or(0, <[_]>::len);
    for (name, work) in [
        ("objects::list()", &(|| Ok(objects::list().len())) as Work<'_>),
        ("objects, as text", &|| Ok(console.run("objects").text.len())),
        ("fo, the 20 oldest, as text", &|| Ok(console.run("fo Order").text.len())),
        ("objects::find, each upgraded", &|| Ok(objects::find::<Order>().count())),
    ] {
        let row = Row::new(format!("{CROWD} objects: {name}"), median(&mut timed(work)?), "ms");
        table.push(row.aim(Aim::AtMost(20.0)));
    }
    let debug = timed(&|| Ok(crowd.iter().map(|order| format!("{:?}", **order).len()).sum()))?;
    for (name, work) in [
        ("each shown", &(|| Ok(found("fo Order --limit 100000"))) as Work<'_>),
        ("each searched", &|| Ok(found("fo Order --where 'no such text' --limit 100000"))),
    ] {
        let mut shown = timed(work)?;
        let ratio = median_ratio(&shown, &debug);
        let row = Row::new(format!("{CROWD} objects: {name}"), median(&mut shown), "ms");
        table.push(row.against("their Debug alone", median(&mut debug.clone()), Some(ratio)));
    }
    black_box(crowd.iter().map(|order| order.id + order.item.len() as u64).sum::<u64>());
    Ok(())
}

type Work<'a> = &'a dyn Fn() -> anyhow::Result<usize>;

/// Milliseconds, in every round.
fn timed(work: Work<'_>) -> anyhow::Result<Vec<f64>> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        black_box(work()?);
        rounds.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(rounds)
}

fn now(threads: usize) -> f64 {
    each(threads, |_| {
        black_box(Instant::now());
    })
}

fn a_box(threads: usize) -> f64 {
    each(threads, |number| drop(black_box(Box::new(number))))
}

fn a_guarded_box(threads: usize) -> f64 {
    each(threads, |number| {
        let guarded = black_box(Box::new(Guarded { number, track: TrackGuard::new() }));
        black_box(guarded.number);
    })
}

fn an_arc(threads: usize) -> f64 {
    each(threads, |number| drop(black_box(Arc::new(number))))
}

fn a_tracked(threads: usize) -> f64 {
    each(threads, |number| drop(black_box(Tracked::new(number))))
}

/// Nanoseconds of CPU for one time.
fn each(threads: usize, work: impl Fn(u64) + Sync) -> f64 {
    together(threads, TIMES, |_, time| work(time.into())).cpu
}
