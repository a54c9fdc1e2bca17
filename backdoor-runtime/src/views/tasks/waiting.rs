//! Tasks that have not been polled for long: beside others of the same place that were, and by the primitive of tokio they wait in.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use crate::base::{clock, sort};
use crate::reply::{record, text};
use crate::views::tasks::{Leaf, TaskInfo, TaskStack, get, registry, rounded, stacks};

/// The most single tasks that are remembered for a place: those that are idle longest.
const FIRST: usize = 20;

/// The tasks of one place of spawning that have not been polled for long.
#[derive(Clone, Debug)]
pub(crate) struct IdlePlace {
    /// The file and line where they were spawned.
    pub(crate) spawned: String,
    /// The live tasks of the place.
    pub(crate) live: usize,
    /// Those that have not been polled for the requested time. The others are their siblings that were.
    pub(crate) idle: usize,
    /// The numbers of the first 20 of them, the longest idle first, with that time.
    pub(crate) first: Vec<(u64, Duration)>,
}

record!(TokioWait: waits_in, at, tasks, longest, not_read);

/// Tasks that wait in the same primitive of tokio at the same line.
#[derive(Clone, Debug)]
pub(crate) struct TokioWait {
    /// The function of tokio, by its public path: `tokio::sync::Mutex::lock`.
    pub(crate) waits_in: String,
    /// The innermost function of the author: `cache.rs:69 in lookup`.
    pub(crate) at: Option<String>,
    /// The numbers of the tasks, those that have waited longest first.
    pub(crate) tasks: Vec<u64>,
    /// The longest wait.
    pub(crate) longest: Duration,
    /// Tasks of the same places that are as long idle and whose stacks were not read.
    pub(crate) not_read: usize,
}

/// The places with tasks that have not been polled for `over`, those with the longest idle task first. It wakes no task.
pub(crate) fn idle_places(over: Duration) -> Vec<IdlePlace> {
    struct Place {
        spawned: String,
        live: usize,
        idle: usize,
        first: Vec<(u64, u64)>,
    }
    let (now, over) = (clock::now(), over.as_nanos() as u64);
    let mut places: HashMap<u16, Place> = HashMap::new();
    for record in registry::all() {
        let place = places.entry(record.counts_in.place).or_insert_with(|| Place {
            spawned: record.spawned.to_string(),
            live: 0,
            idle: 0,
            first: Vec::new(),
        });
        place.live += 1;
        if let Some(idle) = record.idle(now).filter(|idle| *idle >= over) {
            place.idle += 1;
            place.first.push((record.id.get(), idle));
            if place.first.len() > 4 * FIRST {
                keep_longest(&mut place.first);
            }
        }
    }
    let mut places: Vec<Place> = places.into_values().filter(|place| place.idle > 0).collect();
    places.iter_mut().for_each(|place| keep_longest(&mut place.first));
    sort::sort_by_key(&mut places, |place| {
        (Reverse(place.first.first().map(|(_, idle)| *idle)), place.spawned.clone())
    });
    let duration = |(id, idle): &(u64, u64)| (*id, Duration::from_nanos(*idle));
    let place = |place: Place| IdlePlace {
        spawned: place.spawned,
        live: place.live,
        idle: place.idle,
        first: place.first.iter().map(duration).collect(),
    };
    places.into_iter().map(place).collect()
}

fn keep_longest(first: &mut Vec<(u64, u64)>) {
    sort::sort_by_key(first, |(id, idle)| (Reverse(*idle), *id));
    first.truncate(FIRST);
}

/// Where the tasks of these places wait in locks, semaphores, channels and notifications of tokio. At most `most` tasks are woken, once
/// each, and the places take turns. The second result has the other stacks that were read.
pub(crate) async fn tokio_waits(places: &[IdlePlace], most: usize) -> (Vec<TokioWait>, Vec<TaskStack>) {
    let mut chosen: HashMap<u64, (usize, Duration)> = HashMap::new();
    'all: for turn in 0..FIRST {
        for (place, (id, idle)) in
            places.iter().enumerate().filter_map(|(at, place)| Some((at, *place.first.get(turn)?)))
        {
            if chosen.len() >= most {
                break 'all;
            }
            chosen.insert(id, (place, idle));
        }
    }
    let mut read = vec![0; places.len()];
    chosen.values().for_each(|(place, _)| read[*place] += 1);
    let mut ids: Vec<u64> = chosen.keys().copied().collect();
    sort::sort_by_key(&mut ids, |id| (Reverse(chosen[id].1), *id));
    let (mut waits, mut others) = (Vec::<(TokioWait, Vec<usize>)>::new(), Vec::new());
    for stack in stacks(&ids).await {
        let Some((leaf, waits_in)) = stack.leaves.iter().find_map(|leaf| Some((leaf, primitive(leaf)?)))
        else {
            others.push(stack);
            continue;
        };
        let at = leaf.frames.iter().rfind(|frame| frame.is_own).map(super::Frame::describe);
        let (place, idle) = chosen[&stack.task.id];
        let same = waits.iter_mut().find(|(wait, _)| wait.waits_in == waits_in && wait.at == at);
        match same {
            Some((wait, of)) => {
                wait.tasks.push(stack.task.id);
                if !of.contains(&place) {
                    of.push(place);
                }
            }
            None => {
                let (tasks, not_read) = (vec![stack.task.id], 0);
                waits.push((TokioWait { waits_in, at, tasks, longest: idle, not_read }, vec![place]));
            }
        }
    }
    let complete = |(wait, of): (TokioWait, Vec<usize>)| TokioWait {
        not_read: of.iter().map(|place| places[*place].idle - read[*place]).sum(),
        ..wait
    };
    let mut waits: Vec<TokioWait> = waits.into_iter().map(complete).collect();
    sort::sort_by_key(&mut waits, |wait| (Reverse(wait.tasks.len() + wait.not_read), Reverse(wait.longest)));
    (waits, others)
}

/// The public path of the primitive of tokio that a leaf waits in.
fn primitive(leaf: &Leaf) -> Option<String> {
    /// Modules of `tokio::sync` that are private, and the module whose contents they have.
    const PRIVATE: [&str; 10] = [
        "mutex",
        "rwlock",
        "semaphore",
        "notify",
        "barrier",
        "once_cell",
        "bounded",
        "unbounded",
        "read_guard",
        "batch_semaphore",
    ];
    let path = leaf.waits_for.as_deref().filter(|_| !leaf.woke_itself)?;
    // Our replacements of tokio's locks are tracked: `waits` knows their holders.
    if leaf.frames.iter().any(|frame| frame.function.contains("backdoor_runtime::views::sync::")) {
        return None;
    }
    let inside = path.strip_prefix("tokio::sync::")?;
    if inside.starts_with("batch_semaphore::") {
        return Some("a lock, a channel or a semaphore of tokio".to_owned());
    }
    let words: Vec<&str> = inside.split("::").filter(|word| !PRIVATE.contains(word)).collect();
    Some(format!("tokio::sync::{}", words.join("::")))
}

impl IdlePlace {
    /// The first task, if it is still alive.
    pub(crate) fn longest(&self) -> Option<TaskInfo> {
        self.first.first().and_then(|(id, _)| get(*id))
    }
}

impl TokioWait {
    /// The wait as a sentence.
    pub(crate) fn describe(&self) -> String {
        let longest = text::duration(&rounded(self.longest));
        let at = self.at.as_deref().map(|at| format!(" at {at}")).unwrap_or_default();
        let holds = if self.is_lock() { "; the holder is untracked" } else { "" };
        let more = match self.not_read {
            0 => String::new(),
            more => format!("; {more} more of the same places were not looked at"),
        };
        let wait = format!("waited in {}{at}", self.waits_in);
        match self.tasks.as_slice() {
            [task] => format!("task {task} has {wait} for {longest}{holds}{more}"),
            tasks => format!("{} tasks have {wait}, up to {longest}{holds}{more}", tasks.len()),
        }
    }

    /// Whether it has a holder, which tokio does not tell.
    pub(crate) fn is_lock(&self) -> bool {
        ["::Mutex::", "::RwLock::", "::Semaphore::"].iter().any(|lock| self.waits_in.contains(lock))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::tasks::{JoinHandle, list, spawn_named};

    const OVER: Duration = Duration::from_millis(20);

    /// `views/oneshot-never.rs`
    #[tokio::test]
    async fn an_idle_task_is_found_beside_its_polled_siblings() {
        let spawn = |is_polled: bool| {
            spawn_named("waiting-sibling", async move {
                if !is_polled {
                    std::future::pending::<()>().await;
                }
                loop {
                    tokio::task::yield_now().await;
                }
            })
        };
        let tasks = [true, false, true].map(spawn);
        let spawned = list().find(|task| task.id == tasks[1].id()).expect("it lives").spawned;
        // On a busy machine the siblings are not polled in time.
        let found = async {
            loop {
                let places = idle_places(OVER);
                match places.into_iter().find(|place| place.spawned == spawned && place.idle == 1) {
                    Some(place) => return place,
                    None => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        let place = tokio::time::timeout(Duration::from_secs(120), found).await.expect("one is idle");
        assert_eq!(place.live, 3);
        assert_eq!(place.longest().expect("it lives").id, tasks[1].id());
        tasks.iter().for_each(JoinHandle::abort);
    }

    #[test]
    fn primitives_of_tokio_have_their_public_paths() {
        #[track_caller]
        fn check(waits_for: &str, expected: Option<&str>) {
            let leaf = Leaf {
                waits_for: Some(waits_for.to_owned()),
                woke_itself: false,
                times: 1,
                frames: Vec::new(),
                hides_members: false,
            };
            assert_eq!(primitive(&leaf).as_deref(), expected);
        }
        check("tokio::sync::mutex::Mutex::lock", Some("tokio::sync::Mutex::lock"));
        check("tokio::sync::rwlock::RwLock::read", Some("tokio::sync::RwLock::read"));
        check("tokio::sync::mpsc::bounded::Sender::send", Some("tokio::sync::mpsc::Sender::send"));
        check("tokio::sync::notify::Notified", Some("tokio::sync::Notified"));
        check("tokio::sync::batch_semaphore::Acquire", Some("a lock, a channel or a semaphore of tokio"));
        check("tokio::time::sleep::Sleep", None);
    }
}
