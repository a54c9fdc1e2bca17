//! Live objects by type, growth, the line that allocates them, and single objects, for the commands `objects` and `fo`.
//!
//! There are two ways to count them. [`Tracked<T>`](Tracked) is an `Arc` whose value an operator can read; a [`TrackGuard`] is a field that
//! counts the struct that contains it:
//!
//! ```
//! use backdoor_runtime::{Backdoor, Track, TrackGuard, Tracked};
//!
//! #[derive(Debug)]
//! struct Order { id: u32, item: &'static str }
//!
//! #[derive(Track)]
//! struct Lease { track: TrackGuard<Self> }
//!
//! let orders: Vec<_> = (1..=3).map(|id| Tracked::new(Order { id, item: "rope" })).collect();
//! let lease = Lease { track: TrackGuard::new() };
//!
//! let console = Backdoor::testing();
//! let types = console.run("objects Order").value;
//! assert_eq!((&types[0]["type"], &types[0]["live"]), (&"Order".into(), &3.into()));
//! let found = console.run("fo Order --where 'id: 2'").value;
//! assert_eq!(found[0]["text"], r#"Order { id: 2, item: "rope" }"#);
//! # drop((orders, lease));
//! ```
//!
//! # To find a leak
//!
//! 1. `objects --growing --for 10s` shows which types have more objects than ten seconds ago, and the lines that created them.
//! 2. `fo TYPE --older 1h` shows the objects that should have been dropped long ago, with their `Debug` text and the number of their
//!    owners. `--where TEXT` narrows it down.
//! 3. In the code, find the owner that keeps the objects of that line. [`Snapshot`] does the first step in a test:
//!
//! ```
//! use backdoor_runtime::{Tracked, objects::Snapshot};
//! # use std::cell::RefCell;
//! # #[derive(Debug)]
//! # struct Reply;
//! # thread_local!(static KEPT: RefCell<Vec<Tracked<Reply>>> = const { RefCell::new(Vec::new()) });
//! # fn handle_a_request() { let reply = Tracked::new(Reply); KEPT.with_borrow_mut(|kept| kept.push(reply)); }
//!
//! let before = Snapshot::now();
//! for _ in 0..100 {
//!     handle_a_request();
//! }
//! let growth = before.growth();
//! assert_eq!(growth.len(), 1);
//! assert_eq!((growth[0].name.as_str(), growth[0].grown), ("Reply", 100));
//! println!("{} more objects from {}", growth[0].grown_there, growth[0].place);
//! ```
//!
//! # What it costs
//!
//! Creating and dropping an object each takes a lock, which threads share only if there are more than 16, and one reading of a coarse
//! clock. The views stop no thread: they visit all objects, 4,096 at a time, and hold no lock while a `Debug` or a `Drop` of the author
//! runs. A type takes 10 KiB, and 32 bytes for each object, in pieces of 64 objects for each 16th part of the threads; pieces
//! without objects are freed. At most 64 places of a type are told apart in each of these parts, and labels are cut at 128 bytes.

#[cfg(feature = "state-views")]
mod commands;
#[cfg(feature = "state-views")]
pub(crate) mod generic_kinds;
pub(crate) mod guard;
mod instance;
#[cfg(feature = "state-views")]
pub(crate) mod kind;
#[cfg(feature = "state-views")]
mod look;
#[cfg(feature = "state-views")]
mod names;
#[cfg(feature = "state-views")]
mod rates;
#[cfg(feature = "state-views")]
mod search;
#[cfg(feature = "state-views")]
mod shard;
#[cfg(feature = "state-views")]
mod sites;
#[cfg(feature = "state-views")]
mod slab;
mod tracked;
#[cfg(not(feature = "state-views"))]
pub(crate) mod unrecorded;
#[cfg(feature = "state-views")]
mod view;

#[cfg(not(feature = "state-views"))]
pub(crate) use unrecorded::{self as kind, self as generic_kinds};

pub use guard::{Track, TrackGuard};
#[cfg(feature = "state-views")]
pub use search::find;
#[cfg(feature = "state-views")]
pub(crate) use search::{ObjectInfo, Search, SearchEnd};
pub use tracked::{Tracked, WeakTracked};
#[cfg(feature = "state-views")]
pub use view::{GrowthInfo, PlaceInfo, Snapshot, TypeInfo, list};
