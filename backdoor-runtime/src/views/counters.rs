//! Counters, gauges and histograms: cheap to write from many threads, summed when they are read.

mod brief;
mod counter;
mod gauge;
mod histogram;
mod metric;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "prometheus")]
mod prometheus;
mod rate;
mod shard;

pub(crate) use self::brief::brief;
pub use self::counter::Counter;
pub use self::gauge::Gauge;
pub use self::histogram::{Histogram, Measured};
pub use self::metric::{Metric, Metrics, show};
#[cfg(feature = "metrics")]
pub use self::metrics::MetricsRecorder;
#[cfg(feature = "prometheus")]
pub use self::prometheus::{list_prometheus, show_prometheus};
