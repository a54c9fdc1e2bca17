//! What a service counts and measures about itself: cheap to write from many threads, put together when somebody looks.

mod counter;
mod gauge;
mod histogram;
mod rate;
mod shard;

pub use counter::Counter;
pub use gauge::Gauge;
pub use histogram::{Histogram, Measured};
