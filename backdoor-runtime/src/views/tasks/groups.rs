//! Tasks by the place where they were spawned or by name, over a window of time: how many start, end and panic, and how busy they are.

use std::collections::HashMap;
use std::time::Duration;

use serde_core::ser::{Serialize, SerializeStruct, Serializer};

use crate::base::{clock, sort};
use crate::reply::record;
use crate::views::tasks::places::{self, By, Counts, Label};
use crate::views::tasks::registry;

/// The first reading of all groups. It needs some 50 bytes for each group, and nothing for single tasks.
pub(crate) struct GroupWatch {
    by: By,
    at: u64,
    /// For each group, its counters and how busy all its tasks have been.
    before: HashMap<u16, (Counts, u64)>,
}

/// The tasks of one place or of one name, over a window.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) by: By,
    pub(crate) label: Label,
    pub(crate) window: Duration,
    /// The tasks at the end of the window.
    pub(crate) live: u64,
    /// The tasks that were spawned within the window.
    pub(crate) spawned: u64,
    /// The tasks that ended within the window, in any way.
    pub(crate) ended: u64,
    /// Those of them that panicked.
    pub(crate) panicked: u64,
    /// All tasks that have panicked, from the start of the process.
    pub(crate) panicked_ever: u64,
    /// The time in polls within the window, also of tasks that have ended.
    pub(crate) busy: Duration,
    /// The longest time since the last poll of a live task.
    pub(crate) longest_idle: Option<Duration>,
    pub(crate) last_panic: Option<LastPanic>,
}

record! {
    /// The last panic in a group.
    pub(crate) struct LastPanic {
        /// The number of the task.
        pub task: u64,
        /// Its name, if it has one.
        pub name: Option<String>,
        /// The first 256 bytes of the message.
        pub message: String,
        /// The time since then.
        pub ago: Duration,
    }
}

/// What the live tasks of a group have in sum.
#[derive(Default)]
struct Live {
    busy: u64,
    longest_idle: Option<u64>,
}

impl GroupWatch {
    pub(crate) fn begin(by: By) -> Self {
        let at = clock::now();
        // In this order, and at the end in the other: a task that ends meanwhile is not taken for a busy one.
        let live = live(by, at);
        let before = places::all(by).into_iter().map(|(slot, _, counts)| {
            let busy = counts.busy + live.get(&slot).map_or(0, |live| live.busy);
            (slot, (counts, busy))
        });
        Self { by, at, before: before.collect() }
    }

    /// The groups that have had any task within the window; the largest come first.
    pub(crate) fn end(self) -> Vec<Group> {
        let now = clock::now();
        let window = Duration::from_nanos(now.saturating_sub(self.at));
        let after = places::all(self.by);
        let live = live(self.by, now);
        let none = (Counts::default(), 0);
        let group = |(slot, label, after): (u16, Label, Counts)| {
            let (before, busy_before) = self.before.get(&slot).unwrap_or(&none);
            let of_live = live.get(&slot);
            let busy = after.busy + of_live.map_or(0, |live| live.busy);
            let panicked = after.panicked.saturating_sub(before.panicked);
            let last_panic = places::last_panic(self.by, slot).map(|panic| LastPanic {
                task: panic.task.get(),
                name: panic.name.as_deref().map(str::to_owned),
                message: panic.message,
                ago: Duration::from_nanos(now.saturating_sub(panic.at)),
            });
            Group {
                by: self.by,
                label,
                window,
                live: after.spawned.saturating_sub(after.ended),
                spawned: after.spawned.saturating_sub(before.spawned),
                ended: after.ended.saturating_sub(before.ended),
                panicked,
                panicked_ever: after.panicked,
                busy: Duration::from_nanos(busy.saturating_sub(*busy_before)),
                longest_idle: of_live.and_then(|live| live.longest_idle).map(Duration::from_nanos),
                last_panic,
            }
        };
        let mut groups: Vec<Group> = after.into_iter().map(group).collect();
        groups.retain(|group| group.live > 0 || group.spawned > 0 || group.ended > 0);
        sort::sort_by_key(&mut groups, |group| (std::cmp::Reverse(group.live), group.title()));
        groups
    }
}

fn live(by: By, now: u64) -> HashMap<u16, Live> {
    let mut groups: HashMap<u16, Live> = HashMap::new();
    for record in registry::all() {
        let live = groups.entry(record.counts_in.of_group(by)).or_default();
        live.busy += record.spent(now).busy;
        live.longest_idle = live.longest_idle.max(record.idle(now));
    }
    groups
}

impl Group {
    /// The place, or the name if it has one.
    pub(crate) fn label(&self) -> Option<String> {
        match &self.label {
            Label::Site(place) => Some(place.to_string()),
            Label::Name(name) => name.clone(),
            Label::Others => None,
        }
    }

    /// The group for a sentence or a row.
    pub(crate) fn title(&self) -> String {
        match (&self.label, self.by) {
            (Label::Others, By::Site) => "(further places)".to_owned(),
            (Label::Others, By::Name) => "(further names)".to_owned(),
            _ => self.label().unwrap_or_else(|| "(no name)".to_owned()),
        }
    }

    /// How many tasks more there are than at the begin of the window.
    pub(crate) fn growth(&self) -> i64 {
        self.spawned.cast_signed() - self.ended.cast_signed()
    }

    /// A number of the window as a rate a second.
    pub(crate) fn per_second(&self, count: u64) -> f64 {
        let rate = count as f64 / self.window.as_secs_f64().max(1e-9);
        (rate * 10.0).round() / 10.0
    }
}

impl Serialize for Group {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Group", 12)?;
        let key = match self.by {
            By::Site => "site",
            By::Name => "name",
        };
        record.serialize_field(key, &self.label())?;
        record.serialize_field("is_others", &(self.label == Label::Others))?;
        record.serialize_field("live", &self.live)?;
        record.serialize_field("spawned_in_window", &self.spawned)?;
        record.serialize_field("ended_in_window", &self.ended)?;
        record.serialize_field("spawned_per_s", &self.per_second(self.spawned))?;
        record.serialize_field("ended_per_s", &self.per_second(self.ended))?;
        record.serialize_field("panicked_in_window", &self.panicked)?;
        record.serialize_field("panicked", &self.panicked_ever)?;
        record.serialize_field("busy_in_window", &self.busy)?;
        record.serialize_field("longest_idle", &self.longest_idle)?;
        record.serialize_field("last_panic", &self.last_panic)?;
        record.end()
    }
}
