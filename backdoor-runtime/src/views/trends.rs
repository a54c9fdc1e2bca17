//! Watched numbers over the last minute, hour and day.
//!
//! One timer on the helper thread of a running console reads all of them once a second, while there are any. Each needs 1.5 KB. The numbers
//! are those that the author watches, and the built-in trends of the process, which the folder above reads (`views/builtin_trends.rs`).

#[cfg(feature = "state-views")]
mod chart;
#[cfg(feature = "state-views")]
mod commands;
#[cfg(feature = "state-views")]
mod growth;
#[cfg(feature = "state-views")]
mod registry;
#[cfg(feature = "state-views")]
mod ring;
#[cfg(feature = "state-views")]
mod sampler;
#[cfg(feature = "state-views")]
mod series;
#[cfg(feature = "state-views")]
mod trend;
#[cfg(not(feature = "state-views"))]
mod unrecorded;
mod watched;

#[cfg(feature = "state-views")]
pub(crate) use self::growth::Growth;
#[cfg(feature = "state-views")]
pub use self::registry::{NotWatched, find, forget, watch};
#[cfg(feature = "state-views")]
pub(crate) use self::registry::{all_names, growth, journal, names};
#[cfg(feature = "state-views")]
pub(crate) use self::sampler::{attach, detach};
#[cfg(feature = "state-views")]
pub use self::trend::{Change, Point, Shown, Trend};
#[cfg(not(feature = "state-views"))]
pub use self::unrecorded::{forget, watch};
pub use self::watched::Watched;
