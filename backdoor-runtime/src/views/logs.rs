//! The log of the service: a layer for `tracing` that keeps the last events in memory, for `log tail` and `log last`, and a filter that
//! `log set` changes while the service runs.
//!
//! One line adds it to the subscriber of the author:
//!
//! ```
//! use tracing_subscriber::prelude::*;
//!
//! let fmt_layer = tracing_subscriber::fmt::layer();
//! tracing_subscriber::registry().with(backdoor_runtime::logs()).with(fmt_layer).init();
//!
//! tracing::info!(order = 12, "shipped to postgres://shop:hunter2@db/orders");
//!
//! let event = backdoor_runtime::logs::last(1).remove(0);
//! assert_eq!(event.message, "shipped to postgres://shop:***@db/orders"); // secrets do not get in
//! assert_eq!(event.fields, [("order".to_owned(), 12.into())]);
//! ```
//!
//! **Contents.** Events of level `info` and more severe ones, in 4 MiB of memory; [`options`] changes both. A process has one ring,
//! also with several subscribers. When it is full, the oldest events are dropped, and readers get their number.
//!
//! **Cost.** The logging thread formats the event, masks text that looks like a secret, and copies the text; it never waits for a reader or
//! for another thread. The layer has its own filter: callsites that neither the ring nor another layer enables stay disabled, and other
//! layers get no additional events. Formatting needs up to 16 KiB per logging thread.
//!
//! **A filter that is a layer filters for all layers**, also for the ring, at any position: with
//! `registry().with(logs()).with(EnvFilter::from_default_env()).with(fmt_layer)` and `RUST_LOG=info`, no debug event ever reaches the
//! ring, and `log set` and `log` report it. Attach the filter to its layer instead:
//!
//! ```
//! use tracing_subscriber::EnvFilter;
//! use tracing_subscriber::prelude::*;
//!
//! let fmt_layer = tracing_subscriber::fmt::layer().with_filter(EnvFilter::from_default_env());
//! tracing_subscriber::registry().with(backdoor_runtime::logs()).with(fmt_layer).init();
//! ```
//!
//! On top of a subscriber without per-layer filters, such as `tracing_subscriber::fmt().finish()`, the layer filters by itself, after the
//! level of the subscriber.
//!
//! **`log set`** changes the filter of the ring. A layer of the author changes with it if its filter comes from
//! [`filter`]:
//!
//! ```
//! # fn main() -> Result<(), backdoor_runtime::logs::FilterError> {
//! use backdoor_runtime::logs;
//! use tracing_subscriber::prelude::*;
//!
//! let fmt_layer = tracing_subscriber::fmt::layer().with_filter(logs::filter("warn,shop=info")?);
//! let ring = logs::options().memory(16 << 20).filter("info,shop=debug")?.layer();
//! tracing_subscriber::registry().with(ring).with(fmt_layer).init();
//! # Ok(())
//! # }
//! ```
//!
//! A filter is a list of `target=level`; a level alone is for all other targets. For an event, the longest target that equals its target or
//! contains it as a module decides. Spans are shown if the filter of the ring accepts them.
//!
//! **Secrets** are masked before an event is stored: the value of a field or of a pair such as `password=..`, `"token": ".."` or
//! `api_key: ..`, passwords in URLs, and bearer tokens. The rules match only such patterns, so do not log secrets.

mod change;
mod commands;
mod event;
mod filter;
pub(crate) mod front;
mod layer;
mod lease;
mod record;
mod ring;
mod settings;
mod targets;
mod view;

use std::sync::LazyLock;

use tracing::Subscriber;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use self::filter::{Filter, level_name};
use self::ring::Ring;

pub use self::event::LogEvent;
pub(crate) use self::filter::Directive;
pub use self::filter::FilterError;
pub(crate) use self::front::Stopped;
pub use self::layer::FollowingFilter;
pub(crate) use self::lease::ChangedLevel;
pub(crate) use self::targets::TargetInfo;
#[cfg(feature = "state-views")]
pub(crate) use self::view::errors;
pub use self::view::last;
#[cfg(resource_views)]
pub(crate) use self::view::memory;
pub(crate) use self::view::{
    Batch, ChangeInfo, InForce, NotSeen, RingInfo, Wanted, batch, change, forget, in_force, newest, now,
    ring_info, targets, unseen,
};

/// The default size of the ring.
const MEMORY: usize = 4 << 20;

static RING: LazyLock<Ring> = LazyLock::new(|| Ring::new(MEMORY));

/// The layer that keeps events in the ring, behind the filter that `log set` changes.
pub type RingLayer<S> = Box<dyn Layer<S> + Send + Sync>;

/// A layer for the subscriber of the author that keeps the last events for the console. See [the module](self).
pub fn logs<S: Subscriber + for<'a> LookupSpan<'a>>() -> RingLayer<S> {
    options().layer()
}

/// Options of the layer. Options without a value stay unchanged, since the process has one ring.
pub fn options() -> Options {
    Options { memory: None, filter: None }
}

/// The filter and the size of the ring; made by [`options`].
#[must_use = "options do nothing until `layer` is called"]
#[derive(Clone, Debug)]
pub struct Options {
    memory: Option<usize>,
    filter: Option<Filter>,
}

impl Options {
    /// The most bytes of the ring, allocated as events come. Default: 4 MiB, about 24,000 events of 100 bytes. The minimum is 1352 KiB,
    /// since each logging thread needs its own part. Readers need additional memory for the events that they read, and so do the counts of
    /// `log targets`: some KiB, or 1 MiB if hundreds of targets log on all threads.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// The initial filter of the ring: `info,net::tcp=trace`. Default: `info`.
    ///
    /// # Errors
    /// A word is not a level, or there are more than 64 targets.
    pub fn filter(mut self, filter: &str) -> Result<Self, FilterError> {
        self.filter = Some(filter.parse()?);
        Ok(self)
    }

    /// The layer.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(self) -> RingLayer<S> {
        if let Some(memory) = self.memory {
            RING.set_memory(memory);
        }
        if let Some(filter) = self.filter {
            settings::set_base(filter);
        }
        layer::layer()
    }
}

/// A filter for a layer of the author: it begins with these levels, and `log set` changes it together with the ring.
///
/// # Errors
/// A word is not a level, or there are more than 64 targets.
pub fn filter(filter: &str) -> Result<FollowingFilter, FilterError> {
    Ok(FollowingFilter { slot: settings::follow(filter.parse()?) })
}

fn ring() -> &'static Ring {
    &RING
}
