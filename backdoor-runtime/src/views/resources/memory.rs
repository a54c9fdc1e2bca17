//! The memory of the process.

use std::fmt::{self, Write};
use std::io;

use super::allocator::Allocator;
use super::jemalloc;
use crate::base::byte_size::size;
use crate::procfs::files::{field, read};
use crate::reply::record;
use crate::{CommandOutput, Page, Value};

record! {
    /// The memory of the process in bytes, as the kernel counts it (`/proc/self/status`, `/proc/self/smaps_rollup`; proc(5)).
    pub struct Memory {
        /// In RAM now (`VmRSS`).
        pub resident: u64,
        /// The largest resident size so far (`VmHWM`).
        pub peak: u64,
        /// Of `resident`: heap, stacks and other mappings without a file (`RssAnon`).
        pub anonymous: u64,
        /// Of `resident`: mapped files, with the program (`RssFile`).
        pub file: u64,
        /// Of `resident`: memory shared with other processes (`RssShmem`).
        pub shared: u64,
        /// Moved to swap (`VmSwap`).
        pub swapped: u64,
        /// Reserved addresses, used or not (`VmSize`).
        pub address_space: u64,
        /// Page tables (`VmPTE`).
        pub page_tables: u64,
        /// Freed when the process ends: private pages (`Private_*`). `None` where the kernel does not show it.
        pub private: Option<u64>,
        /// Proportional size: shared pages divided by the number of processes that share them (`Pss`). `None` where the kernel does not show it.
        pub proportional: Option<u64>,
        /// Of `anonymous`: in huge pages (`AnonHugePages`). `None` where the kernel does not show it.
        pub huge: Option<u64>,
        /// The figures of jemalloc, with the feature `jemalloc` and if it is the allocator.
        pub allocator: Option<Allocator>,
        /// The reason for missing figures.
        pub not_read: Option<String>,
    }
}

/// The memory of the process now.
///
/// # Errors
/// `/proc` is not mounted, or hidden.
pub fn memory() -> io::Result<Memory> {
    let status = read("/proc/self/status")?;
    // Kernels before 4.14 have no such file; the other figures are still shown.
    let (rollup, not_read) = match read("/proc/self/smaps_rollup") {
        Ok(rollup) => (rollup, None),
        Err(error) => (String::new(), Some(error.to_string())),
    };
    Ok(Memory { allocator: jemalloc::figures(), not_read, ..parse(&status, &rollup) })
}

fn parse(status: &str, rollup: &str) -> Memory {
    let of = |key| field(status, key).unwrap_or(0);
    let rolled = |key| field(rollup, key);
    Memory {
        resident: of("VmRSS"),
        peak: of("VmHWM"),
        anonymous: of("RssAnon"),
        file: of("RssFile"),
        shared: of("RssShmem"),
        swapped: of("VmSwap"),
        address_space: of("VmSize"),
        page_tables: of("VmPTE"),
        private: rolled("Private_Clean").zip(rolled("Private_Dirty")).map(|(clean, dirty)| clean + dirty),
        proportional: rolled("Pss"),
        huge: rolled("AnonHugePages"),
        allocator: None,
        not_read: None,
    }
}

impl CommandOutput for Memory {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let line = |page: &mut Page<'_>, name: &str, bytes: u64, about: &str| {
            let line = format!("{name:<14} {:>10}  {about}", size(bytes));
            writeln!(page, "{}", line.trim_end())
        };
        line(page, "resident", self.resident, "in RAM now")?;
        line(page, "  anonymous", self.anonymous, "heap, stacks")?;
        line(page, "  file", self.file, "mapped files, with the program")?;
        line(page, "  shared", self.shared, "shared with other processes")?;
        line(page, "peak", self.peak, "the largest resident size so far")?;
        line(page, "swapped", self.swapped, "moved to swap")?;
        let not_always = [
            ("private", self.private, "freed when the process ends"),
            ("proportional", self.proportional, "with a proportional part of shared pages"),
            ("huge pages", self.huge, "part of the anonymous memory"),
        ];
        for (name, bytes, about) in not_always {
            match bytes {
                Some(bytes) => line(page, name, bytes, about)?,
                None => writeln!(page, "{name:<14} {:>10}  unknown", "?")?,
            }
        }
        line(page, "page tables", self.page_tables, "")?;
        line(page, "address space", self.address_space, "reserved, used or not")?;
        if let Some(allocator) = &self.allocator {
            writeln!(page, "\n{}", allocator.name)?;
            line(page, "  allocated", allocator.allocated, "allocated by the program")?;
            line(page, "  active", allocator.active, "in pages with allocations")?;
            line(page, "  resident", allocator.resident, "kept in RAM")?;
            line(page, "  mapped", allocator.mapped, "mapped from the kernel")?;
            line(page, "  retained", allocator.retained, "kept for reuse, without RAM")?;
        }
        match &self.not_read {
            Some(why) => writeln!(page, "smaps_rollup cannot be read: {why}"),
            None => Ok(()),
        }
    }

    fn value(&self) -> Value {
        Value::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_itself_has_memory() {
        let memory = memory().unwrap();
        assert!(memory.peak >= memory.resident && memory.resident > 0, "{memory:?}");
        assert!(memory.address_space > memory.resident, "{memory:?}");
        assert!(memory.private.is_some_and(|private| private > 0), "{memory:?}");
    }

    #[test]
    fn an_old_kernel_shows_fewer_figures() {
        let memory = parse("VmRSS:\t 1000 kB\nVmHWM:\t 2000 kB\n", "");
        assert_eq!((memory.resident, memory.peak, memory.private), (1_024_000, 2_048_000, None));
    }
}
