//! How much memory a look-up of names may take: no more than the author allows, than the control group allows, and than the limits of the
//! process leave free.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::base::byte_size::size;
use crate::base::soft_limit::{Kind, soft_limit};
use crate::procfs::cgroup::free_memory;

/// Memory that stays free for the service and for the rest of the command.
const RESERVE: u64 = 2 << 20;

pub(crate) const DEFAULT: usize = 16 << 20;

static ALLOWED: AtomicUsize = AtomicUsize::new(DEFAULT);

/// Sets the author's limit.
pub(crate) fn allow(bytes: usize) {
    ALLOWED.store(bytes, Ordering::Relaxed);
}

/// The author's limit.
pub(crate) fn allowed() -> usize {
    ALLOWED.load(Ordering::Relaxed)
}

/// The free memory, and the limit that sets it.
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
    /// The free memory now.
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

    /// The sentence for a look-up that needs more.
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
