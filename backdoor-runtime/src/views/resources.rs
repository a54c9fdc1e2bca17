//! The use of resources by the process, and how it was built and started.
//!
//! All data comes from `/proc` (proc(5)) and `/sys/fs/cgroup` (cgroups(7)). Nothing is stored between two calls, nothing is measured
//! without a call, and figures that the kernel does not show are omitted rather than guessed. The built-in commands `mem`, `fds`,
//! `sockets`, `maps`, `limits`, `cgroup`, `env`, `args`, `build` and `self` show the results of these functions.
//!
//! ```
//! let memory = backdoor_runtime::resources::memory()?;
//! assert!(memory.peak >= memory.resident);
//! # Ok::<(), std::io::Error>(())
//! ```

mod allocator;
mod cgroup;
mod commands;
mod console_usage;
mod descriptors;
mod jemalloc;
mod limits;
mod links;
pub(crate) mod maps;
mod memory;
mod program;
mod sockets;

pub use crate::service::BuildInfo;
pub use allocator::Allocator;
pub(crate) use cgroup::note_start;
pub use cgroup::{Cgroup, Controller, Pressure, cgroup};
#[cfg(all_views)]
pub(crate) use console_usage::held;
pub use console_usage::{Held, Itself, OwnThread, itself};
pub use descriptors::{Descriptor, Descriptors, KindCount, descriptors};
pub use jemalloc::heap_profile;
pub use limits::{Limit, limits};
pub use maps::{Mapping, MappingSum, mapping_sums, mappings};
pub use memory::{Memory, memory};
pub use program::{arguments, environment_names};
pub use sockets::{Socket, sockets};
