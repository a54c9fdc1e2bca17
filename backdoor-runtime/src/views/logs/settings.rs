//! The filters of the ring and of the service's own layers that follow `log set`: their initial values, and the changes on top.
//!
//! A filter is read for every event that only some layers want. So each thread caches the filters in force, and only checks whether there
//! are newer ones.

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
    /// The filters of the service's layers that follow `log set`, each in its slot.
    following: Vec<Option<Filter>>,
}

/// The slot of a following filter. Dropping it frees the slot.
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

    /// The number of the service's layers that follow.
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
        // No layer uses the filter any more, so no callsite's interest changes.
        let mut state = state();
        state.base.following[self.0] = None;
        publish(&state);
    }
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Records that the ring's layer is part of a subscriber.
pub(super) fn set_installed() {
    INSTALLED.store(true, Ordering::Relaxed);
}

/// Whether the layer is part of a subscriber, or was.
pub(super) fn is_installed() -> bool {
    INSTALLED.load(Ordering::Relaxed)
}

/// Sets the filter of the ring without any change.
pub(super) fn set_base(filter: Filter) {
    change(|state| state.base.ring = filter);
}

/// A slot for a filter that follows.
pub(super) fn follow(filter: Filter) -> Slot {
    change(|state| {
        let following = &mut state.base.following;
        let free = following.iter().position(Option::is_none).unwrap_or(following.len());
        following.resize_with(following.len().max(free + 1), || None);
        following[free] = Some(filter);
        Slot(free)
    })
}

/// Reads the parts of the filters.
pub(super) fn look<R>(look: impl FnOnce(&State) -> R) -> R {
    look(&state())
}

/// Changes the parts of the filters, and lets all callsites ask for their interest again.
pub(super) fn change<R>(change: impl FnOnce(&mut State) -> R) -> R {
    let mut state = state();
    let result = change(&mut state);
    publish(&state);
    // This calls layers of the service, so none of our locks is held.
    drop(state);
    rebuild_interest_cache();
    result
}

fn publish(state: &State) {
    let new = Arc::new(state.in_force());
    // The old filters are dropped without the lock.
    let old = mem::replace(&mut *in_force(), new);
    GENERATION.fetch_add(1, Ordering::Release);
    drop(old);
}

fn in_force() -> MutexGuard<'static, Arc<Filters>> {
    IN_FORCE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the filters in force.
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
            // The thread is ending, and its locals are destroyed.
            let filters = in_force().clone();
            look(&filters)
        }
        _ => unreachable!("`look` is taken only where its result is given"),
    }
}
