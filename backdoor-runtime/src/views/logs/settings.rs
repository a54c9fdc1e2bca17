//! What the ring keeps and what the service's own following layers show: the filters the service began with, and the changes on top.
//!
//! Filters are read for every event that some layers want and others do not, so each thread keeps the ones in force and looks only
//! whether there are newer ones.

use std::cell::RefCell;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use tracing::callsite::rebuild_interest_cache;
use tracing::level_filters::LevelFilter;

use crate::views::logs::change::Change;
use crate::views::logs::filter::{Directive, Filter};

/// The default filter of the ring.
const DEFAULT: LevelFilter = LevelFilter::INFO;

/// The filters in force.
#[derive(Clone)]
pub(super) struct Filters {
    pub(super) ring: Filter,
    /// The layers of the service that follow, each in its slot.
    following: Vec<Option<Filter>>,
}

/// A following filter's place. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Slot(usize);

/// The parts of the filters in force.
pub(super) struct State {
    base: Filters,
    pub(super) changes: Vec<Change>,
}

static STATE: LazyLock<Mutex<State>> =
    LazyLock::new(|| Mutex::new(State { base: Filters::first(), changes: Vec::new() }));

static IN_FORCE: LazyLock<Mutex<Arc<Filters>>> = LazyLock::new(|| Mutex::new(Arc::new(Filters::first())));

/// Counts the changes of `IN_FORCE`.
static GENERATION: AtomicU64 = AtomicU64::new(1);

static INSTALLED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static KNOWN: RefCell<(u64, Option<Arc<Filters>>)> = const { RefCell::new((0, None)) };
}

impl Filters {
    fn first() -> Self {
        let ring = Filter::new([Directive { target: String::new(), level: DEFAULT }]);
        Self { ring, following: Vec::new() }
    }

    pub(super) fn of(&self, slot: &Slot) -> &Filter {
        self.following.get(slot.0).and_then(Option::as_ref).unwrap_or(&self.ring)
    }

    /// Layers of the service's own that follow.
    pub(super) fn following(&self) -> usize {
        self.following.iter().flatten().count()
    }
}

impl State {
    fn in_force(&self) -> Filters {
        let changed =
            |filter: &Filter| filter.with(self.changes.iter().map(|change| change.directive.clone()));
        Filters {
            ring: changed(&self.base.ring),
            following: self.base.following.iter().map(|filter| filter.as_ref().map(changed)).collect(),
        }
    }

    /// The level of a target in the ring.
    pub(super) fn level(&self, target: &str) -> LevelFilter {
        self.in_force().ring.level(target)
    }

    /// The level of a target without any change.
    pub(super) fn base(&self, target: &str) -> LevelFilter {
        self.base.ring.level(target)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // Nobody asks for it any more, so no callsite's interest changes.
        let mut state = state();
        state.base.following[self.0] = None;
        publish(&state);
    }
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says that the layer is part of a subscriber.
pub(super) fn set_installed() {
    INSTALLED.store(true, Ordering::Relaxed);
}

/// Whether the layer is part of a subscriber, or was.
pub(super) fn is_installed() -> bool {
    INSTALLED.load(Ordering::Relaxed)
}

/// The filter of the ring without any change.
pub(super) fn set_base(filter: Filter) {
    change(|state| state.base.ring = filter);
}

/// A place for a filter that follows.
pub(super) fn follow(filter: Filter) -> Slot {
    change(|state| {
        let following = &mut state.base.following;
        let free = following.iter().position(Option::is_none).unwrap_or(following.len());
        following.resize_with(following.len().max(free + 1), || None);
        following[free] = Some(filter);
        Slot(free)
    })
}

/// Looks at what the filters are made of.
pub(super) fn look<R>(look: impl FnOnce(&State) -> R) -> R {
    look(&state())
}

/// Changes what the filters are made of, and has all callsites ask again.
pub(super) fn change<R>(change: impl FnOnce(&mut State) -> R) -> R {
    let mut state = state();
    let result = change(&mut state);
    publish(&state);
    // Asking calls layers of the service's, for which no lock of ours is held.
    drop(state);
    rebuild_interest_cache();
    result
}

fn publish(state: &State) {
    let new = Arc::new(state.in_force());
    // The old ones are dropped without the lock.
    let old = mem::replace(&mut *in_force(), new);
    GENERATION.fetch_add(1, Ordering::Release);
    drop(old);
}

fn in_force() -> MutexGuard<'static, Arc<Filters>> {
    IN_FORCE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at the filters in force.
pub(super) fn with_filters<R>(look: impl FnOnce(&Filters) -> R) -> R {
    let mut look = Some(look);
    let result = KNOWN.try_with(|known| {
        let generation = GENERATION.load(Ordering::Acquire);
        let (known_generation, filters) = &mut *known.borrow_mut();
        if *known_generation != generation || filters.is_none() {
            (*known_generation, *filters) = (generation, Some(in_force().clone()));
        }
        filters.as_ref().zip(look.take()).map(|(filters, look)| look(filters))
    });
    match (result, look) {
        (Ok(Some(result)), _) => result,
        (_, Some(look)) => {
            // The thread is at its end, and its locals are gone.
            let filters = in_force().clone();
            look(&filters)
        }
        _ => unreachable!("`look` is taken only where its result is given"),
    }
}
