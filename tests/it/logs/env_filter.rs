//! The ring beside an `EnvFilter` and a `fmt` layer, as most services have them (`newcomer.md` 1.2 d).

use backdoor_runtime::{Backdoor, logs};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::prelude::*;

use crate::log::Log;
use crate::logs::{changes, of, own_process};

/// An event of this level, and one that is never wanted.
fn log() {
    tracing::debug!(target: "it::env_filter", "picked");
    tracing::trace!(target: "it::env_filter", "not wanted");
}

fn messages() -> Vec<String> {
    of("it::env_filter").into_iter().map(|event| event.message).collect()
}

#[test]
fn a_filter_on_the_fmt_layer_does_not_affect_the_ring() {
    own_process("logs::env_filter::a_filter_on_the_fmt_layer_does_not_affect_the_ring", || {
        let shown = Log::default();
        let writer = shown.clone();
        let fmt = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        let fmt = fmt.with_filter(EnvFilter::new("info"));
        tracing_subscriber::registry().with(logs()).with(fmt).init();
        log();
        let set = Backdoor::testing().run("log set it::env_filter=debug");
        assert!(!set.text.contains("reaches the ring"), "{}", set.text);
        assert_eq!(changes().len(), 1);
        log();
        tracing::info!(target: "it::env_filter", "shown");
        assert_eq!(messages(), ["picked", "shown"]);
        let shown = shown.lines().join("\n");
        assert!(shown.contains("shown") && !shown.contains("picked"), "{shown}");
    });
}

/// `author.md` A7.
#[test]
fn a_filter_before_the_ring_is_reported() {
    own_process("logs::env_filter::a_filter_before_the_ring_is_reported", || {
        let fmt = tracing_subscriber::fmt::layer().with_writer(std::io::sink);
        let registry = tracing_subscriber::registry().with(logs());
        registry.with(EnvFilter::new("info,it::open=debug")).with(fmt).init();
        let set = Backdoor::testing().run("log set it::env_filter=debug");
        let stopped =
            "\nbut no event below info of `it::env_filter` reaches the ring: a filter before all layers";
        assert!(set.text.contains(stopped), "{}", set.text);
        log();
        assert!(messages().is_empty());
        let open = Backdoor::testing().run("log set it::open=debug");
        assert!(!open.text.contains("of `it::open` gets"), "{}", open.text);
    });
}
