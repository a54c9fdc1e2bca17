//! Threads and processors: a core that is burnt, threads that wait for a processor, threads that cannot be interrupted.

use crate::doctor::diagnosis::{Diagnosis, Severity};
use crate::doctor::holdings::rounded;
use crate::doctor::look::{ThreadLook, Window};
use crate::reply::text;
use crate::thresholds::Thresholds;
use crate::views::threads;

/// The most threads that are named.
const TOLD: usize = 4;

/// A thread over the window.
struct Share<'a> {
    tid: i32,
    thread: &'a ThreadLook,
    /// In percent of a core.
    used: f64,
    /// In percent of the window.
    waited: f64,
}

pub(super) fn processors(window: &Window, limits: &Thresholds, diagnosis: &mut Diagnosis) {
    let (before, after) = match (&window.first.threads, &window.last.threads) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(error), _) | (_, Err(error)) => return diagnosis.not_read("cpu", error.to_string()),
    };
    let length = window.length().as_secs_f64();
    let share = |of: std::time::Duration| (of.as_secs_f64() / length * 1000.0).round() / 10.0;
    let shares = after.iter().filter_map(|(&tid, thread)| {
        let earlier = before.get(&tid).filter(|earlier| earlier.name == thread.name)?;
        let (used, waited) =
            (thread.used.saturating_sub(earlier.used), thread.waited.saturating_sub(earlier.waited));
        Some(Share { tid, thread, used: share(used), waited: share(waited) })
    });
    let mut shares: Vec<Share<'_>> = shares.collect();
    shares.sort_by(|one, other| other.used.total_cmp(&one.used).then(one.tid.cmp(&other.tid)));
    let told = text::duration(&rounded(window.length()));
    let burning: Vec<&Share<'_>> = shares.iter().filter(|share| share.used >= limits.core).collect();
    for Share { tid, thread, used, .. } in burning.iter().take(TOLD) {
        let place = place(*tid).map(|place| format!(", in {place}")).unwrap_or_default();
        let finding =
            format!("thread {tid} `{}` used {used} % of a core for the whole {told}{place}", thread.name);
        let numbers = [("thread", (*tid).into()), ("percent", (*used).into())];
        diagnosis.finds("cpu", Severity::Warning, finding, "threads --top 3", numbers);
    }
    if burning.len() > TOLD {
        let more = burning.len() - TOLD;
        diagnosis.notes("cpu", format!("{more} more threads use a whole core"), "threads");
    }
    shares.sort_by(|one, other| other.waited.total_cmp(&one.waited).then(one.tid.cmp(&other.tid)));
    let starved = shares.iter().filter(|share| share.waited >= limits.processor_wait);
    let (count, first) = (starved.clone().count(), starved.clone().next());
    if let Some(Share { tid, thread, waited, .. }) = first {
        let more = match count - 1 {
            0 => String::new(),
            more => format!(", and {more} more waited long"),
        };
        let finding =
            format!("thread {tid} `{}` waited {waited} % of {told} for a processor{more}", thread.name);
        let numbers = [("thread", (*tid).into()), ("percent", (*waited).into()), ("threads", count.into())];
        diagnosis.finds("cpu", Severity::Notice, finding, "threads", numbers);
    }
    for (tid, thread) in after {
        let is_stuck = |earlier: &&ThreadLook| earlier.state == 'D' && earlier.switches == thread.switches;
        if thread.state == 'D' && before.get(tid).filter(is_stuck).is_some() {
            let finding = format!(
                "thread {tid} `{}` was in the uninterruptible state D for the whole {told}",
                thread.name
            );
            diagnosis.finds("cpu", Severity::Warning, finding, "pnt", [("thread", (*tid).into())]);
        }
    }
}

/// The author's function that a thread is in, with its place.
fn place(tid: i32) -> Option<String> {
    threads::stacks_of(&[tid]).ok()?.threads.first()?.own_place()
}
