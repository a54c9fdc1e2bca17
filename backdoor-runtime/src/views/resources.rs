//! The use of resources by the process, and how it was built and started.
//!
//! All data comes from `/proc` (proc(5)) and `/sys/fs/cgroup` (cgroups(7)). Nothing is stored between two calls, nothing is measured
//! without a call, and figures that the kernel does not show are omitted rather than guessed. The built-in command `mem` shows the result
//! of [`memory`]; `fds`, `sockets`, `children`, `maps`, `limits`, `cgroup`, `env`, `args`, `build` and `self` show the rest.
//!
//! ```
//! let memory = backdoor_runtime::resources::memory()?;
//! assert!(memory.peak >= memory.resident);
//! # Ok::<(), std::io::Error>(())
//! ```

mod allocator;
mod cgroup;
mod children;
mod commands;
mod console_usage;
mod counts;
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
#[cfg(all_views)]
pub(crate) use cgroup::Pressure;
pub(crate) use cgroup::{Cgroup, cgroup, note_start};
pub(crate) use children::{Children, children};
#[cfg(all_views)]
pub(crate) use console_usage::{Held, held};
pub(crate) use console_usage::{Itself, itself};
pub(crate) use counts::{DescriptorCount, resident, threads};
pub(crate) use descriptors::{Descriptors, descriptors};
pub use jemalloc::heap_profile;
pub(crate) use limits::{Limit, limits};
#[cfg(all_views)]
pub(crate) use links::descriptor_links;
pub(crate) use maps::mappings;
pub use memory::{Memory, memory};
pub(crate) use program::{arguments, environment_names};
pub(crate) use sockets::{Socket, sockets};
