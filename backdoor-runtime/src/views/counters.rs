//! Counters, gauges and histograms: cheap to write from many threads, summed when they are read.

#[cfg(feature = "state-views")]
mod brief;
mod counter;
mod gauge;
mod histogram;
#[cfg(feature = "state-views")]
mod metric;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "prometheus")]
mod prometheus;
mod rate;
mod shard;

#[cfg(feature = "state-views")]
pub(crate) use self::brief::brief;
pub use self::counter::Counter;
pub use self::gauge::Gauge;
pub use self::histogram::{Histogram, Measured};
#[cfg(feature = "state-views")]
pub use self::metric::{Metric, Metrics, show};
#[cfg(feature = "metrics")]
pub use self::metrics::MetricsRecorder;
#[cfg(feature = "prometheus")]
pub use self::prometheus::{list_prometheus, show_prometheus};
