//! The layer that writes events into the ring, and the filter in front of it.
//!
//! The filter belongs to this layer alone (`tracing_subscriber`'s per-layer filtering), so that a callsite which neither the ring nor
//! another layer wants stays disabled, and the ring sends no additional events to other layers.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::{LookupSpan, Scope};

use crate::views::logs::record::{LogTarget, Writer, span_fields};
use crate::views::logs::ring::Ring;
use crate::views::logs::settings::{self, Slot};
use crate::views::logs::{front, targets};

/// Writes events into the ring.
struct Recorder;

/// The same without a filter in front: it tests by itself what the ring keeps.
struct Alone;

/// Passes the events that the ring keeps; `log set` changes it.
struct RingFilter;

/// A filter for a layer of the service's own that follows `log set`. It is made by [`filter`](super::filter).
#[derive(Debug)]
pub struct FollowingFilter {
    pub(super) slot: Slot,
}

/// The fields of a span, kept with it.
struct SpanFields(String);

thread_local! {
    /// The buffers of this thread; taken while an event is written, so that a nested event uses others.
    static WRITER: Cell<Option<Box<Writer>>> = const { Cell::new(None) };
}

/// The layer for a subscriber of this type.
pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> Box<dyn Layer<S> + Send + Sync> {
    match has_filters::<S>() {
        true => Recorder.with_filter(RingFilter).boxed(),
        false => Alone.boxed(),
    }
}

/// Whether layers on top of this subscriber may have filters of their own. No method tells: a subscriber without support panics when a
/// filter is registered, and one of `fmt` claims to be a registry. So the name of the type decides: its innermost type has to be a
/// registry. If the guess is wrong, the layer only does more work.
fn has_filters<S>() -> bool {
    let name = std::any::type_name::<S>().trim_end_matches('>');
    name.ends_with("::Registry") && name.contains("tracing_subscriber::registry::")
}

/// Whether the ring keeps events with this metadata.
fn is_kept(metadata: &Metadata<'_>) -> bool {
    settings::with_filters(|filters| filters.ring.enables(metadata))
}

/// Lends the thread's buffers. If the thread's locals are already destroyed, new buffers are made for this call.
fn with_writer<R>(work: impl FnOnce(&mut Writer) -> R) -> R {
    let mut writer = WRITER.try_with(Cell::take).ok().flatten().unwrap_or_default();
    let result = work(&mut writer);
    let _ = WRITER.try_with(|kept| kept.set(Some(writer)));
    result
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        front::register(subscriber);
    }

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
            // A field that is recorded repeatedly must not fill the memory.
            Some(SpanFields(known)) if known.len() > 1024 => {}
            Some(SpanFields(known)) => {
                known.push_str(if known.is_empty() { "" } else { " " });
                known.push_str(&fields);
            }
            None => drop(extensions.replace(SpanFields(fields))),
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let time = now();
        with_writer(|writer| write(ring(), writer, time, event, &context, |_| true));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Alone {
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        front::register(subscriber);
    }

    fn on_layer(&mut self, _: &mut S) {
        settings::set_installed();
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        targets::note(metadata.target());
        // The subscriber's own filters decide about its interests.
        Interest::always()
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if is_kept(attributes.metadata()) {
            Recorder.on_new_span(attributes, id, context);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if context.metadata(id).is_some_and(is_kept) {
            Recorder.on_record(id, values, context);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if is_kept(event.metadata()) {
            let time = now();
            with_writer(|writer| write(ring(), writer, time, event, &context, is_kept));
        }
    }
}

fn ring() -> &'static Ring {
    super::ring()
}

/// Nanoseconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

fn write<S>(
    ring: &Ring,
    writer: &mut Writer,
    time: u64,
    event: &Event<'_>,
    context: &Context<'_, S>,
    is_shown: impl Fn(&Metadata<'_>) -> bool,
) where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let metadata = event.metadata();
    let mut target = LogTarget::default();
    if metadata.target() == "log" {
        event.record(&mut target);
    }
    writer.begin(&target.0);
    let spans = context.event_scope(event).into_iter().flat_map(Scope::from_root);
    for span in spans.filter(|span| is_shown(span.metadata())) {
        let extensions = span.extensions();
        writer.span(span.name(), extensions.get::<SpanFields>().map_or("", |fields| &fields.0));
    }
    event.record(writer);
    let target = (!target.0.is_empty()).then_some(&*target.0);
    ring.write(metadata, target, time, &writer.out);
}

impl<S> Filter<S> for RingFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        is_kept(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        targets::note(metadata.target());
        interest(is_kept(metadata))
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

/// The interest in a callsite, valid until the filter changes and all interests are asked for again.
fn interest(is_enabled: bool) -> Interest {
    if is_enabled { Interest::always() } else { Interest::never() }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter;
    use tracing_subscriber::prelude::*;
    use tracing_subscriber::{Registry, fmt};

    use super::*;
    use crate::views::logs::{self, Stopped};

    /// `author.md` A19: `main` panicked, "does not currently support filters".
    #[test]
    fn a_layer_on_a_finished_fmt_subscriber_filters_itself() {
        let subscriber = fmt().with_max_level(LevelFilter::INFO).with_writer(std::io::sink).finish();
        tracing::subscriber::with_default(subscriber.with(logs::logs()), || {
            tracing::info!(target: "it::finished", "kept");
            tracing::debug!(target: "it::finished", "not even for the subscriber");
        });
        let kept =
            logs::newest(10, &logs::Wanted { target: Some("it::finished".to_owned()), ..Default::default() });
        assert_eq!(kept.iter().map(|event| event.message.as_str()).collect::<Vec<_>>(), ["kept"]);
    }

    #[test]
    fn filters_are_found_by_the_innermost_subscriber() {
        assert!(has_filters::<Registry>());
        type With<S> = tracing_subscriber::layer::Layered<LevelFilter, S>;
        assert!(has_filters::<With<With<Registry>>>());
        assert!(!has_filters::<fmt::Subscriber>());
        assert!(!has_filters::<With<fmt::Subscriber>>());
    }

    /// `author.md` A7: the level of all subscribers together does not tell the level of one target.
    #[test]
    fn a_filter_before_the_ring_is_queried() {
        let filter = tracing_subscriber::filter::Targets::new()
            .with_default(LevelFilter::WARN)
            .with_target("it::front::open", LevelFilter::TRACE);
        let layer = fmt::layer().with_writer(std::io::sink).with_filter(LevelFilter::TRACE);
        let dispatch =
            Dispatch::new(tracing_subscriber::registry().with(filter).with(logs::logs()).with(layer));
        let asked = || {
            let wanted = ["it::front::shut=debug", "it::front::open=debug", "it::front::off=off", "info"];
            front::stopped_by(
                std::slice::from_ref(&dispatch),
                &wanted.map(|text| crate::FromArg::from_arg(text).unwrap()),
            )
        };
        // State that a query leaves in its thread ends with that thread.
        let stopped = std::thread::scope(|scope| scope.spawn(asked).join().unwrap());
        let shut = Stopped { target: "it::front::shut".to_owned(), level: LevelFilter::WARN };
        let others = Stopped { target: String::new(), level: LevelFilter::WARN };
        // The ring itself keeps `info` here, so the layer beside it answers a query about more.
        assert_eq!(stopped, [shut, others]);
    }
}
