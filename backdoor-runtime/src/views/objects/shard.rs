//! One of the parts that count a type's objects, so that threads do not wait for each other.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::{Arc, Weak};

use super::instance::Instance;
use super::rates::Rates;
use super::sites::Sites;
use super::slab::{Entry, Slab};
use crate::base::coarse_clock;

/// The objects of one type that a few threads created.
pub(super) struct Shard {
    pub(super) slab: Slab,
    pub(super) sites: Sites,
    pub(super) rates: Rates,
    /// By slot. Few objects have a label, and the others do not pay for it.
    labels: BTreeMap<u32, Arc<str>>,
    pub(super) live: u64,
    pub(super) made: u64,
    /// The changes that the shard has not reported to the type's own count.
    pub(super) unsaid: i64,
    /// The largest change that the shard may keep unreported.
    pub(super) may_keep: i64,
}

impl Shard {
    pub(super) const fn new() -> Self {
        Self {
            slab: Slab::new(),
            sites: Sites::new(),
            rates: Rates::new(),
            labels: BTreeMap::new(),
            live: 0,
            made: 0,
            unsaid: 0,
            may_keep: 0,
        }
    }

    #[inline]
    pub(super) fn make(
        &mut self,
        location: &'static Location<'static>,
        instance: Option<Weak<dyn Instance>>,
    ) -> u32 {
        let now = coarse_clock::now();
        self.live += 1;
        self.made += 1;
        self.unsaid += 1;
        self.rates.made(now);
        let site = self.sites.made(location);
        self.slab.insert(Entry { made: now, instance, site, has_label: false })
    }

    /// The caller drops the returned value after it has released the shard's lock.
    #[inline]
    pub(super) fn remove(&mut self, slot: u32) -> Option<(Entry, Option<Arc<str>>)> {
        let entry = self.slab.remove(slot)?;
        self.live -= 1;
        self.unsaid -= 1;
        self.rates.dropped(coarse_clock::now());
        self.sites.dropped(entry.site);
        let label = if entry.has_label { self.labels.remove(&slot) } else { None };
        Some((entry, label))
    }

    pub(super) fn set_label(&mut self, slot: u32, label: Arc<str>) {
        if let Some(entry) = self.slab.get_mut(slot) {
            entry.has_label = true;
            self.labels.insert(slot, label);
        }
    }

    pub(super) fn label(&self, slot: u32) -> Option<Arc<str>> {
        self.labels.get(&slot).cloned()
    }
}
