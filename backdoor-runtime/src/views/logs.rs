//! The service's log, as it is now: a layer for `tracing` that keeps the last events in memory, where `log tail` and `log last` show
//! them, and a filter that `log set` changes while the service runs.
//!
//! One line puts it into the author's subscriber:
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
//! **What is kept.** Events of level `info` and worse, in 4 MiB of memory; [`options`] changes both. There is one ring in the process,
//! whatever the number of subscribers. When it is full, the oldest events are dropped, and readers get their number.
//!
//! **What it costs.** The thread that logs formats the event, takes out what looks like a secret, and copies the text; it never waits for
//! a reader nor for another thread. The layer has a filter of its own: callsites that neither the ring nor another layer wants stay
//! disabled, and no other layer gets an event more. Formatting takes up to 16 KiB of each thread that logs.
//!
//! **A filter that is a layer itself filters for all layers**, the ring included, wherever it stands: with
//! `registry().with(logs()).with(EnvFilter::from_default_env()).with(fmt_layer)` and `RUST_LOG=info`, no debug event ever gets to the
//! ring, and `log set` and `log` say so. Give it to the layer that it is meant for:
//!
//! ```
//! use tracing_subscriber::EnvFilter;
//! use tracing_subscriber::prelude::*;
//!
//! let fmt_layer = tracing_subscriber::fmt::layer().with_filter(EnvFilter::from_default_env());
//! tracing_subscriber::registry().with(backdoor_runtime::logs()).with(fmt_layer).init();
//! ```
//!
//! On top of a subscriber without filters of single layers, such as what `tracing_subscriber::fmt().finish()` gives, the layer filters by
//! itself; the subscriber's own level is in front of it then.
//!
//! **What `log set` changes** is what the ring keeps. A layer of the author's changes with it where it has the filter that
//! [`filter`] makes:
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
//! A filter is a list of `target=level`, where a level alone is for all other targets; the longest target wins that an event's target is
//! or is a module below. Spans are shown where the ring's filter lets them through.
//!
//! **Secrets** are taken out before an event is kept: the value of a field or of a pair such as `password=..`, `"token": ".."` or
//! `api_key: ..`, passwords in URLs, and bearer tokens. It is done by what the text looks like, so it is no licence to log secrets.

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
pub use self::filter::{Directive, FilterError};
pub use self::front::Stopped;
pub use self::layer::FollowingFilter;
pub use self::lease::ChangedLevel;
pub use self::targets::TargetInfo;
pub use self::view::{
    Batch, ChangeInfo, Changed, InForce, NotSeen, RingInfo, Wanted, batch, in_force, last, newest, now,
    reset, ring_info, set, targets,
};
pub(crate) use self::view::{change, forget, memory, unseen};

/// What the ring may take where nobody said.
const MEMORY: usize = 4 << 20;

static RING: LazyLock<Ring> = LazyLock::new(|| Ring::new(MEMORY));

/// The layer that keeps events in the ring, behind the filter that `log set` changes.
pub type RingLayer<S> = Box<dyn Layer<S> + Send + Sync>;

/// A layer for the author's subscriber that keeps the last events for the console. See [the module](self).
pub fn logs<S: Subscriber + for<'a> LookupSpan<'a>>() -> RingLayer<S> {
    options().layer()
}

/// Knobs of the layer. What is not set stays as it is, for the process has one ring.
pub fn options() -> Options {
    Options { memory: None, filter: None }
}

/// What the ring keeps, and how much; made by [`options`].
#[must_use = "options do nothing until `layer` is called"]
#[derive(Clone, Debug)]
pub struct Options {
    memory: Option<usize>,
    filter: Option<Filter>,
}

impl Options {
    /// Bytes that the ring may take, all of it; it takes them as events come. Default: 4 MiB, which is about 24,000 events of 100
    /// bytes. Less than 1352 KiB is that much: every thread that logs needs some to itself. Who reads holds what he reads for that moment,
    /// and the counts of `log targets` come on top: some KiB, 1 MiB where hundreds of targets log on all threads.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// What the ring keeps before anybody changes it: `info,net::tcp=trace`. Default: `info`.
    ///
    /// # Errors
    /// A level is none, or there are more than 64 targets.
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

/// A filter for a layer of the author's own: it begins with this one, and `log set` changes it with what the ring keeps.
///
/// # Errors
/// A level is none, or there are more than 64 targets.
pub fn filter(filter: &str) -> Result<FollowingFilter, FilterError> {
    Ok(FollowingFilter { slot: settings::follow(filter.parse()?) })
}

fn ring() -> &'static Ring {
    &RING
}
