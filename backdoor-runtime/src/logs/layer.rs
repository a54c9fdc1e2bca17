//! The layer that writes events into the ring, and the filter in front of it.
//!
//! The filter is one layer's own (`tracing_subscriber`'s per-layer filtering), so that a callsite which neither the ring nor another
//! layer wants stays disabled, and another layer sees no event more for the ring's sake.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::{LookupSpan, Scope};

use crate::logs::record::{LogTarget, Writer, span_fields};
use crate::logs::ring::Ring;
use crate::logs::settings::{self, Slot};

/// Writes events into the ring. It is made by [`logs`](crate::logs()).
#[derive(Debug)]
pub struct Recorder {
    pub(super) _private: (),
}

/// Lets through what the ring keeps, which `log set` changes.
#[derive(Debug)]
pub struct RingFilter {
    pub(super) _private: (),
}

/// A filter for a layer of the service's own that follows `log set`. It is made by [`filter`](super::filter).
#[derive(Debug)]
pub struct FollowingFilter {
    pub(super) slot: Slot,
}

/// The fields of a span, kept with it.
struct SpanFields(String);

thread_local! {
    /// The buffers of this thread; gone while an event is written, so that one within it gets others.
    static WRITER: Cell<Option<Box<Writer>>> = const { Cell::new(None) };
}

/// Lends the thread's buffers. Where its locals are gone already, as at its end, they are made for this once.
fn with_writer<R>(work: impl FnOnce(&mut Writer) -> R) -> R {
    let mut writer = WRITER.try_with(Cell::take).ok().flatten().unwrap_or_default();
    let result = work(&mut writer);
    let _ = WRITER.try_with(|kept| kept.set(Some(writer)));
    result
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_layer(&mut self, _: &mut S) {
        settings::set_installed();
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.fields().is_empty() {
            return;
        }
        let fields = with_writer(|writer| {
            writer.out.clear();
            attributes.record(writer);
            span_fields(writer)
        });
        if let Some(span) = context.span(id) {
            span.extensions_mut().replace(SpanFields(fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let fields = with_writer(|writer| {
            writer.out.clear();
            values.record(writer);
            span_fields(writer)
        });
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        match extensions.get_mut::<SpanFields>() {
            // A field that is recorded again and again must not fill the memory.
            Some(SpanFields(known)) if known.len() > 1024 => {}
            Some(SpanFields(known)) => {
                known.push_str(if known.is_empty() { "" } else { " " });
                known.push_str(&fields);
            }
            None => drop(extensions.replace(SpanFields(fields))),
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        with_writer(|writer| write(ring(), writer, time, event, &context));
    }
}

fn ring() -> &'static Ring {
    super::ring()
}

fn write<S>(ring: &Ring, writer: &mut Writer, time: u64, event: &Event<'_>, context: &Context<'_, S>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let metadata = event.metadata();
    let mut target = LogTarget::default();
    if metadata.target() == "log" {
        event.record(&mut target);
    }
    writer.begin(&target.0);
    for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
        let extensions = span.extensions();
        writer.span(span.name(), extensions.get::<SpanFields>().map_or("", |fields| &fields.0));
    }
    event.record(writer);
    let target = (!target.0.is_empty()).then_some(&*target.0);
    ring.write(metadata, target, time, &writer.out);
}

impl<S> Filter<S> for RingFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        settings::with_filters(|filters| filters.ring.enables(metadata))
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        interest(settings::with_filters(|filters| filters.ring.enables(metadata)))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(settings::with_filters(|filters| filters.ring.max()))
    }
}

impl<S> Filter<S> for FollowingFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        settings::with_filters(|filters| filters.of(&self.slot).enables(metadata))
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        interest(settings::with_filters(|filters| filters.of(&self.slot).enables(metadata)))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(settings::with_filters(|filters| filters.of(&self.slot).max()))
    }
}

/// The same until the filter changes, when all interests are asked for again.
fn interest(is_enabled: bool) -> Interest {
    if is_enabled { Interest::always() } else { Interest::never() }
}
