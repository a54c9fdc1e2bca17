//! Metrics of other crates, read like variables.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::Console;
use crate::base::sort;
use crate::views::vars::Reading;

/// The time limit for one source.
const LISTING: Duration = Duration::from_millis(100);

/// The most sources.
const SOURCES: usize = 16;

/// A number or a distribution of a registry of another crate.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Metric {
    /// Its name, with its labels: `requests_total{code="200"}`.
    pub name: String,
    /// The description; empty if there is none.
    pub help: Cow<'static, str>,
    /// The unit; empty if there is none.
    pub unit: Cow<'static, str>,
    /// The reading: a record with `count` for a counter and for a distribution, which has percentiles, too.
    pub reading: Reading,
}

/// The metrics of all registries.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Metrics {
    /// Sorted by name.
    pub metrics: Vec<Metric>,
    /// The registries that did not answer, each with the reason.
    pub missing: Vec<String>,
}

type List = Arc<dyn Fn() -> Vec<Metric> + Send + Sync>;

static REGISTRIES: Mutex<Vec<(Cow<'static, str>, List)>> = Mutex::new(Vec::new());

impl Metric {
    /// A metric with these labels, which are appended to its name.
    pub fn new<'a>(
        name: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
        reading: Reading,
    ) -> Self {
        Self { name: labelled(name, labels), help: "".into(), unit: "".into(), reading }
    }

    /// The description. Default: none.
    #[must_use]
    pub fn help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.help = help.into();
        self
    }

    /// The unit. Default: none.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<Cow<'static, str>>) -> Self {
        self.unit = unit.into();
        self
    }
}

/// Shows the metrics of this registry to operators. Each reading calls it on a separate thread, for at most 100 ms. It replaces a registry with
/// the same name. Returns false if there are 16 already.
pub fn show(
    name: impl Into<Cow<'static, str>>,
    list: impl Fn() -> Vec<Metric> + Send + Sync + 'static,
) -> bool {
    let (name, list): (_, List) = (name.into(), Arc::new(list));
    let mut registries = REGISTRIES.lock().unwrap_or_else(PoisonError::into_inner);
    let known = registries.iter().position(|(other, _)| *other == name);
    let replaced = match known {
        Some(at) => Some(std::mem::replace(&mut registries[at].1, list)),
        None if registries.len() == SOURCES => return false,
        None => {
            registries.push((name, list));
            None
        }
    };
    // A registry's function belongs to the author, and may run code in its `Drop`.
    drop((registries, replaced));
    true
}

impl Console {
    /// The metrics of the registries from [`counters::show`](crate::views::counters::show), each read on a separate thread within 100 ms.
    pub async fn metrics(&self) -> Metrics {
        let registries = REGISTRIES.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut all = Metrics::default();
        for (name, list) in registries {
            match self.0.asking.ask_about(&format!("registry {name}"), LISTING, move || list()).await {
                Ok(metrics) => all.metrics.extend(metrics),
                Err(why) => all.missing.push(format!("{name}: {why}")),
            }
        }
        sort::sort_by(&mut all.metrics, |one, other| one.name.cmp(&other.name));
        all
    }
}

/// A name and its labels, as Prometheus writes them.
fn labelled<'a>(name: &str, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = name.to_owned();
    for (at, (label, value)) in labels.into_iter().enumerate() {
        text.push(if at == 0 { '{' } else { ',' });
        // Writing to a string cannot fail.
        let _ = write!(text, "{label}=\"{}\"", Escaped(value));
    }
    if text.len() > name.len() {
        text.push('}');
    }
    text
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '"' => f.write_str("\\\""),
            '\\' => f.write_str("\\\\"),
            '\n' => f.write_str("\\n"),
            c => f.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::registry::Registry;
    use crate::dispatch::ConsoleState;
    use crate::service::Service;

    #[test]
    fn labels_follow_the_name() {
        let name = |labels: &[(&'static str, &'static str)]| {
            Metric::new("up", labels.iter().copied(), Reading::NotSet).name
        };
        assert_eq!(name(&[]), "up");
        assert_eq!(name(&[("a", "1"), ("b", "say \"\\\n")]), r#"up{a="1",b="say \"\\\n"}"#);
    }

    #[tokio::test]
    async fn an_unresponsive_registry_is_named_and_others_are_read() {
        let (release, held) = std::sync::mpsc::channel::<()>();
        let held = Mutex::new(held);
        let metric = |name: &str| Metric::new(name, [], Reading::Value(1.into())).unit("jobs");
        assert!(show("hangs", move || {
            drop(held.lock().map(|held| held.recv()));
            Vec::new()
        }));
        assert!(show("works", move || vec![metric("replaced")]));
        assert!(show("works", move || vec![metric("metric b"), metric("metric a")]));
        let shared = ConsoleState::new(Registry::linked(), Service::new("test".to_owned(), None), 10);
        let found = Console(Arc::new(shared)).metrics().await;
        let ours = found.metrics.iter().filter(|metric| metric.name.starts_with("metric "));
        assert_eq!(ours.map(|metric| &*metric.name).collect::<Vec<_>>(), ["metric a", "metric b"]);
        assert!(!found.metrics.iter().any(|metric| metric.name == "replaced"));
        assert_eq!(found.missing, ["hangs: no answer within 100 ms"]);
        let again = Console(Arc::new(ConsoleState::new(
            Registry::linked(),
            Service::new("test".to_owned(), None),
            10,
        )));
        let missing = again.metrics().await.missing;
        assert!(
            missing[0].starts_with("hangs: not asked again: its code has not returned for "),
            "{missing:?}"
        );
        drop(release);
    }
}
