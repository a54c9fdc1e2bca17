//! Objects of the service: how many there are of each type, which types grow and where from, and what single objects look like, as
//! the commands `objects` and `fo` show it.
//!
//! Two ways to have them counted. [`Tracked<T>`](Tracked) is an `Arc` that an operator can look into; a [`TrackGuard`] is a field that
//! counts the struct it is in, wherever that lives:
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
//! 1. `objects --growing --for 10s` shows which types have more objects than ten seconds ago, and the lines that made those.
//! 2. `fo TYPE --older 1h` shows the ones that should have gone long ago: what they say of themselves, and how many references keep
//!    each. `--where TEXT` narrows it down.
//! 3. In the code, that line keeps what it makes. [`Snapshot`] does the first step in a test:
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
//! println!("{} objects more from {}", growth[0].grown_there, growth[0].place);
//! ```
//!
//! # What it costs
//!
//! Making and dropping an object takes one lock each that threads share only where there are more than 16 of them, and two looks at a
//! coarse clock. The views stop nobody: they pass by all objects, some thousand at a time, and hold no lock while a `Debug` or a `Drop` of
//! the author's runs. Each type takes some 8 KiB for each 16th of the threads that make objects of it, and each object 32 bytes. At most
//! 64 places of each type are told apart in each of those shares; labels are cut at 128 bytes.

mod coarse;
mod guard;
pub(crate) mod kind;
mod look;
mod names;
mod rates;
pub(crate) mod registry;
mod search;
mod shard;
mod sites;
mod slab;
mod tracked;
mod view;

pub use guard::{Track, TrackGuard};
pub use names::NameError;
pub use search::{ObjectInfo, Search, SearchEnd, find};
pub use tracked::{Tracked, WeakTracked};
pub use view::{GrowthInfo, PlaceInfo, Snapshot, TypeInfo, list};
