//! How much memory a look at names may take: no more than the author allows, and than the control group and the limits of the process
//! have room for.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::base::byte_size::size;
use crate::base::soft_limit::{Kind, soft_limit};
use crate::procfs::cgroup::free_memory;

/// The memory that is left to the service and to the rest of the command.
const RESERVE: u64 = 2 << 20;

pub(crate) const DEFAULT: usize = 16 << 20;

static ALLOWED: AtomicUsize = AtomicUsize::new(DEFAULT);

/// Lets the author choose how much.
pub(crate) fn allow(bytes: usize) {
    ALLOWED.store(bytes, Ordering::Relaxed);
}

/// The limit of the author.
pub(crate) fn allowed() -> usize {
    ALLOWED.load(Ordering::Relaxed)
}

/// The room that there is, and what sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) bytes: u64,
    pub(super) of: Of,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Author,
    Group,
    AddressSpace,
    Data,
}

impl Room {
    /// As it is now.
    pub(super) fn now() -> Self {
        let author = Self { bytes: allowed() as u64, of: Of::Author };
        let others = [
            (free_memory().map(|free| free.saturating_sub(RESERVE)), Of::Group),
            (under(Kind::AddressSpace, "VmSize"), Of::AddressSpace),
            (under(Kind::Data, "VmData"), Of::Data),
        ];
        let others = others.into_iter().filter_map(|(bytes, of)| Some(Self { bytes: bytes?, of }));
        others.chain([author]).min_by_key(|room| room.bytes).unwrap_or(author)
    }

    /// In a sentence about what needs more.
    pub(super) fn too_small_for(self, need: u64) -> String {
        let room = size(self.bytes);
        let of = match self.of {
            Of::Author => format!("`Builder::symbol_memory` allows {room}"),
            Of::Group => format!("{room} are free in the control group"),
            Of::AddressSpace => format!("{room} are free under the limit of the address space"),
            Of::Data => format!("{room} are free under the limit of the data"),
        };
        let need = size(need);
        format!("names come from the symbol table: debug information needs {need}, and {of}")
    }
}

fn under(kind: Kind, figure: &str) -> Option<u64> {
    let limit = soft_limit(kind)?;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(limit.saturating_sub(kibibytes << 10).saturating_sub(RESERVE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_memory_is_named() {
        let room = |of| Room { bytes: 12 << 20, of }.too_small_for(61 << 20);
        let start = "names come from the symbol table: debug information needs 61.0MiB, and ";
        assert_eq!(room(Of::Group), format!("{start}12.0MiB are free in the control group"));
        assert_eq!(room(Of::Author), format!("{start}`Builder::symbol_memory` allows 12.0MiB"));
    }
}
