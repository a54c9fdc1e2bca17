//! The `metrics` crate: a recorder that stores metrics in counters of this crate and forwards them to the recorder of the author.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::{
    CounterFn, GaugeFn, HistogramFn, Key, KeyName, Metadata, Recorder, SetRecorderError, SharedString, Unit,
};

use crate::views::counters::{Counter, Gauge, Histogram, Metric, show};
use crate::views::vars::{Readable, Reading};

/// The most counters and gauges that are kept; further ones are only forwarded. They take 1 KB each.
const NUMBERS: usize = 2_000;

/// The most histograms that are kept. They take 31 KB each.
const HISTOGRAMS: usize = 200;

/// A recorder for the `metrics` crate (feature `metrics`) whose counters, gauges and histograms operators can read.
///
/// It keeps up to 2,000 counters and gauges and 200 histograms, by name and labels; further ones are only forwarded. A histogram takes
/// numbers from 0 to 18 billion, to a billionth.
///
/// ```
/// use backdoor_runtime::counters::MetricsRecorder;
///
/// // In front of the recorder of an exporter: `MetricsRecorder::new().forward(exporter)`.
/// MetricsRecorder::new().install().unwrap();
/// metrics::counter!("requests", "code" => "200").increment(1);
/// ```
#[derive(Clone, Default)]
pub struct MetricsRecorder {
    kept: Arc<Mutex<Kept>>,
    next: Option<Arc<dyn Recorder + Send + Sync>>,
}

#[derive(Default)]
struct Kept {
    counters: BTreeMap<Key, Arc<Counted>>,
    gauges: BTreeMap<Key, Arc<Gauge>>,
    histograms: BTreeMap<Key, Arc<Histogram<f64>>>,
    described: BTreeMap<String, (Option<Unit>, SharedString)>,
}

impl MetricsRecorder {
    /// A recorder that forwards nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forwards everything to this recorder.
    #[must_use]
    pub fn forward(mut self, next: impl Recorder + Send + Sync + 'static) -> Self {
        self.next = Some(Arc::new(next));
        self
    }

    /// Installs it as the process's recorder, and shows its metrics to operators.
    ///
    /// # Errors
    /// The process has a recorder. If another recorder has to be installed, use [`list`](Self::list) and
    /// [`counters::show`](crate::views::counters::show).
    pub fn install(self) -> Result<(), SetRecorderError<Self>> {
        let shown = self.clone();
        metrics::set_global_recorder(self)?;
        // It is usually among the first of 16; otherwise it is not shown.
        let _ = show("metrics", move || shown.list());
        Ok(())
    }

    /// The metrics so far, by kind and name.
    pub fn list(&self) -> Vec<Metric> {
        fn all<T: Readable + 'static>(kept: &BTreeMap<Key, Arc<T>>) -> Vec<(Key, Arc<dyn Readable>)> {
            kept.iter().map(|(key, kept)| (key.clone(), kept.clone() as Arc<dyn Readable>)).collect()
        }
        let (found, described) = {
            let kept = self.kept();
            let found = [all(&kept.counters), all(&kept.gauges), all(&kept.histograms)].concat();
            (found, kept.described.clone())
        };
        let metrics = found.iter().map(|(key, readable)| {
            let labels = key.labels().map(|label| (label.key(), label.value()));
            let metric = Metric::new(key.name(), labels, readable.read());
            match described.get(key.name()) {
                Some((unit, help)) => metric
                    .help(Cow::Owned(help.to_string()))
                    .unit(unit.map_or("", |unit| unit.as_canonical_label())),
                None => metric,
            }
        });
        metrics.collect()
    }

    fn describe(&self, key: &KeyName, unit: Option<Unit>, description: SharedString) {
        let mut kept = self.kept();
        if kept.described.len() < NUMBERS {
            kept.described.insert(key.as_str().to_owned(), (unit, description));
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder for MetricsRecorder {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(&key, unit, description.clone());
        if let Some(next) = &self.next {
            next.describe_counter(key, unit, description);
        }
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(&key, unit, description.clone());
        if let Some(next) = &self.next {
            next.describe_gauge(key, unit, description);
        }
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(&key, unit, description.clone());
        if let Some(next) = &self.next {
            next.describe_histogram(key, unit, description);
        }
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> metrics::Counter {
        let next = self.next.as_ref().map(|next| next.register_counter(key, metadata));
        let mut kept = self.kept();
        let room = kept.counters.len() + kept.gauges.len() < NUMBERS;
        match keep(&mut kept.counters, key, room) {
            Some(ours) => metrics::Counter::from_arc(Arc::new(Both { ours, next })),
            None => next.unwrap_or_else(metrics::Counter::noop),
        }
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> metrics::Gauge {
        let next = self.next.as_ref().map(|next| next.register_gauge(key, metadata));
        let mut kept = self.kept();
        let room = kept.counters.len() + kept.gauges.len() < NUMBERS;
        match keep(&mut kept.gauges, key, room) {
            Some(ours) => metrics::Gauge::from_arc(Arc::new(Both { ours, next })),
            None => next.unwrap_or_else(metrics::Gauge::noop),
        }
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> metrics::Histogram {
        let next = self.next.as_ref().map(|next| next.register_histogram(key, metadata));
        let mut kept = self.kept();
        let room = kept.histograms.len() < HISTOGRAMS;
        match keep(&mut kept.histograms, key, room) {
            Some(ours) => metrics::Histogram::from_arc(Arc::new(Both { ours, next })),
            None => next.unwrap_or_else(metrics::Histogram::noop),
        }
    }
}

fn keep<T: Default>(kept: &mut BTreeMap<Key, Arc<T>>, key: &Key, room: bool) -> Option<Arc<T>> {
    if let Some(known) = kept.get(key) {
        return Some(known.clone());
    }
    room.then(|| kept.entry(key.clone()).or_default().clone())
}

/// Our metric, and the one of the author's recorder.
struct Both<T, N> {
    ours: Arc<T>,
    next: Option<N>,
}

/// A counter that can also be set to an absolute value.
#[derive(Default)]
struct Counted {
    counter: Counter,
    /// Held while the difference is added.
    absolute: Mutex<()>,
}

impl Readable for Counted {
    fn read(&self) -> Reading {
        self.counter.read()
    }

    fn is_harmless(&self) -> bool {
        true
    }
}

impl CounterFn for Both<Counted, metrics::Counter> {
    fn increment(&self, value: u64) {
        self.ours.counter.add(value);
        if let Some(next) = &self.next {
            next.increment(value);
        }
    }

    fn absolute(&self, value: u64) {
        {
            let _alone = self.ours.absolute.lock().unwrap_or_else(PoisonError::into_inner);
            self.ours.counter.add(value.saturating_sub(self.ours.counter.get()));
        }
        if let Some(next) = &self.next {
            next.absolute(value);
        }
    }
}

impl GaugeFn for Both<Gauge, metrics::Gauge> {
    fn increment(&self, value: f64) {
        self.ours.add(value);
        if let Some(next) = &self.next {
            next.increment(value);
        }
    }

    fn decrement(&self, value: f64) {
        self.ours.add(-value);
        if let Some(next) = &self.next {
            next.decrement(value);
        }
    }

    fn set(&self, value: f64) {
        self.ours.set(value);
        if let Some(next) = &self.next {
            next.set(value);
        }
    }
}

impl HistogramFn for Both<Histogram<f64>, metrics::Histogram> {
    fn record(&self, value: f64) {
        self.ours.record(value);
        if let Some(next) = &self.next {
            next.record(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    fn found(recorder: &MetricsRecorder, name: &str) -> Metric {
        let found = recorder.list().into_iter().find(|metric| metric.name == name);
        found.unwrap_or_else(|| panic!("{name} is not kept"))
    }

    fn value(recorder: &MetricsRecorder, name: &str) -> Value {
        found(recorder, name).reading.value().cloned().unwrap_or_default()
    }

    #[test]
    fn counts_are_stored_and_forwarded() {
        let behind = MetricsRecorder::new();
        let front = MetricsRecorder::new().forward(behind.clone());
        metrics::with_local_recorder(&front, || {
            metrics::describe_counter!("requests", Unit::Count, "Requests answered");
            for _ in 0..3 {
                metrics::counter!("requests", "code" => "200").increment(2);
            }
            metrics::counter!("seen").absolute(7);
            metrics::counter!("seen").absolute(5);
            metrics::gauge!("queued").set(4.0);
            metrics::gauge!("queued").decrement(1.5);
            metrics::histogram!("took", "path" => "/").record(0.25);
        });
        for recorder in [&front, &behind] {
            assert_eq!(value(recorder, r#"requests{code="200"}"#)["count"], 6);
            assert_eq!(found(recorder, r#"requests{code="200"}"#).help, "Requests answered");
            assert_eq!(value(recorder, "seen")["count"], 7);
            assert_eq!(value(recorder, "queued"), 2.5);
            assert_eq!(value(recorder, r#"took{path="/"}"#)["max"], 0.25);
        }
    }

    #[test]
    fn labels_beyond_the_limit_are_only_forwarded() {
        let behind = MetricsRecorder::new();
        let front = MetricsRecorder::new().forward(behind.clone());
        metrics::with_local_recorder(&front, || {
            for number in 0..HISTOGRAMS + 5 {
                metrics::histogram!("took", "user" => number.to_string()).record(1.0);
            }
            for number in 0..NUMBERS + 5 {
                metrics::gauge!("of", "user" => number.to_string()).set(1.0);
            }
            metrics::counter!("late").increment(1);
            // Known metrics continue.
            metrics::gauge!("of", "user" => "0").set(2.0);
        });
        assert_eq!(front.list().len(), HISTOGRAMS + NUMBERS);
        assert_eq!(value(&front, r#"of{user="0"}"#), 2.0);
    }
}
