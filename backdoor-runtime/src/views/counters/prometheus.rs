//! The `prometheus` crate: the metrics of the author's registry.

use std::borrow::Cow;

use prometheus::proto::{LabelPair, Metric as Found, MetricFamily, MetricType};
use prometheus::{Registry, TextEncoder};

use crate::Value;
use crate::views::counters::{Metric, show};
use crate::views::vars::Reading;

/// Shows the metrics of this registry to operators (feature `prometheus`). Each reading gathers them on a separate thread, for at most 100
/// ms. The result is that of [`show`].
///
/// ```
/// use prometheus::{IntCounter, Registry};
/// use backdoor_runtime::counters;
///
/// let registry = Registry::new();
/// registry.register(Box::new(IntCounter::new("requests_total", "Requests answered").unwrap())).unwrap();
/// assert!(counters::show_prometheus(registry));
/// ```
pub fn show_prometheus(registry: Registry) -> bool {
    show("prometheus", move || list_prometheus(&registry))
}

/// The metrics of a registry of the `prometheus` crate. It runs the registry's collectors, which are code of the author.
///
/// A counter is a record with `count`; a histogram has `count`, `sum` and percentiles, which are the upper bound of their bucket, and null
/// beyond the last one; a summary has the percentiles of its configuration.
pub fn list_prometheus(registry: &Registry) -> Vec<Metric> {
    registry.gather().iter().flat_map(metrics).collect()
}

fn metrics(family: &MetricFamily) -> Vec<Metric> {
    let kind = family.get_field_type();
    let numbers = match kind {
        MetricType::HISTOGRAM | MetricType::SUMMARY => Vec::new(),
        _ => numbers(family),
    };
    let metrics = family.get_metric().iter().enumerate().map(|(at, found)| {
        let value = match (kind, numbers.get(at)) {
            (MetricType::HISTOGRAM, _) => histogram(found),
            (MetricType::SUMMARY, _) => summary(found),
            (MetricType::COUNTER, Some(&number)) => Value::record([("count", number.into())]),
            (_, Some(&number)) => number.into(),
            (_, None) => Value::Null,
        };
        let labels = found.get_label().iter().map(|label: &LabelPair| (label.name(), label.value()));
        Metric::new(family.name(), labels, Reading::Value(value)).help(Cow::Owned(family.help().to_owned()))
    });
    metrics.collect()
}

/// The numbers of a family, in order. They are parsed from its text, because only the text is the same with and without the crate's feature
/// `protobuf`, which other crates may enable.
fn numbers(family: &MetricFamily) -> Vec<f64> {
    let mut text = String::new();
    // A family that cannot be encoded has no numbers.
    let _ = TextEncoder::new().encode_utf8(std::slice::from_ref(family), &mut text);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let number = |line: &str| {
        // The number, and possibly a time, follow the labels, if there are any.
        let behind = line.rsplit_once('}').or_else(|| line.split_once(' '))?.1;
        behind.split_whitespace().next()?.parse().ok()
    };
    lines.map(|line| number(line).unwrap_or(f64::NAN)).collect()
}

fn histogram(found: &Found) -> Value {
    let histogram = found.get_histogram();
    let count = histogram.get_sample_count();
    let percentile = |part: f64| {
        let rank = (count as f64 * part).ceil().max(1.0) as u64;
        let bucket = histogram.get_bucket().iter().find(|bucket| bucket.cumulative_count() >= rank)?;
        let bound = bucket.upper_bound();
        (count > 0 && bound.is_finite()).then_some(bound)
    };
    Value::record([
        ("count", count.into()),
        ("sum", histogram.get_sample_sum().into()),
        ("p50", percentile(0.5).into()),
        ("p90", percentile(0.9).into()),
        ("p99", percentile(0.99).into()),
        ("p999", percentile(0.999).into()),
    ])
}

fn summary(found: &Found) -> Value {
    let summary = found.get_summary();
    let head = [
        (Cow::Borrowed("count"), summary.sample_count().into()),
        (Cow::Borrowed("sum"), summary.sample_sum().into()),
    ];
    let percentiles = summary.get_quantile().iter().map(|quantile| {
        // 0.5 is p50, 0.99 is p99, 0.999 is p999.
        let digits = format!("{:?}", quantile.quantile());
        let digits = digits.trim_start_matches("0.");
        let digits = if digits.len() == 1 { format!("{digits}0") } else { digits.to_owned() };
        (Cow::Owned(format!("p{digits}")), quantile.value().into())
    });
    Value::record(head.into_iter().chain(percentiles))
}

#[cfg(test)]
mod tests {
    use prometheus::core::Collector;
    use prometheus::{Gauge, HistogramOpts, HistogramVec, IntCounterVec, Opts};

    use super::*;

    fn listed(collectors: Vec<Box<dyn Collector>>) -> Vec<Metric> {
        let registry = Registry::new();
        collectors.into_iter().for_each(|collector| registry.register(collector).unwrap());
        list_prometheus(&registry)
    }

    #[test]
    fn registry_is_listed_with_labels() {
        let requests =
            IntCounterVec::new(Opts::new("requests_total", "Requests answered"), &["path"]).unwrap();
        requests.with_label_values(&["/a} 7 \" \n"]).inc_by(3);
        requests.with_label_values(&["/b"]).inc_by(4);
        let queued = Gauge::new("queued", "Jobs that wait").unwrap();
        queued.set(f64::INFINITY);
        let took = HistogramVec::new(HistogramOpts::new("took", "Seconds").buckets(vec![0.1, 1.0]), &["to"]);
        let took = took.unwrap();
        [0.05, 0.05, 0.5].iter().for_each(|&seconds| took.with_label_values(&["db"]).observe(seconds));
        took.with_label_values(&["web"]).observe(7.0);
        let found = listed(vec![Box::new(requests), Box::new(queued), Box::new(took)]);
        let value = |name: &str| {
            let found = found.iter().find(|metric| metric.name == name);
            found.unwrap_or_else(|| panic!("{name} is not listed")).reading.value().cloned().unwrap()
        };
        assert_eq!(value(r#"requests_total{path="/a} 7 \" \n"}"#)["count"], 3.0);
        assert_eq!(value(r#"requests_total{path="/b"}"#)["count"], 4.0);
        assert_eq!(value("queued"), f64::INFINITY);
        assert_eq!(
            value(r#"took{to="db"}"#).to_string(),
            r#"{"count":3,"sum":0.6,"p50":0.1,"p90":1.0,"p99":1.0,"p999":1.0}"#
        );
        assert!(value(r#"took{to="web"}"#)["p50"].is_null());
        assert_eq!(found.iter().find(|metric| metric.name == "queued").unwrap().help, "Jobs that wait");
    }
}
