//! How much memory the process has.

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
        /// The most that ever was (`VmHWM`).
        pub peak: u64,
        /// Of `resident`: heap, stacks, and whatever else has no file behind it (`RssAnon`).
        pub anonymous: u64,
        /// Of `resident`: mapped files, the program itself among them (`RssFile`).
        pub file: u64,
        /// Of `resident`: memory shared with other processes (`RssShmem`).
        pub shared: u64,
        /// Put out of RAM (`VmSwap`).
        pub swapped: u64,
        /// Addresses that were asked for, used or not (`VmSize`).
        pub address_space: u64,
        /// The tables that map it (`VmPTE`).
        pub page_tables: u64,
        /// What would be free again if the process ended: pages of its own (`Private_*`). `None` where the kernel does not tell.
        pub private: Option<u64>,
        /// Its fair share: shared pages divided among those who share them (`Pss`). `None` where the kernel does not tell.
        pub proportional: Option<u64>,
        /// Of `anonymous`: in huge pages (`AnonHugePages`). `None` where the kernel does not tell.
        pub huge: Option<u64>,
        /// What jemalloc says of itself, with the feature `jemalloc` and where it is the allocator.
        pub allocator: Option<Allocator>,
        /// Why some of it is not told, where it is not.
        pub not_read: Option<String>,
    }
}

/// The memory of the process now.
///
/// # Errors
/// `/proc` is not there, or hidden.
pub fn memory() -> io::Result<Memory> {
    let status = read("/proc/self/status")?;
    // Kernels before 4.14 have no such file; the rest is told all the same.
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
        line(page, "  file", self.file, "mapped files, the program among them")?;
        line(page, "  shared", self.shared, "with other processes")?;
        line(page, "peak", self.peak, "the most that ever was resident")?;
        line(page, "swapped", self.swapped, "put out of RAM")?;
        let not_always = [
            ("private", self.private, "would be free if the process ended"),
            ("proportional", self.proportional, "its fair share of what it shares"),
            ("huge pages", self.huge, "of the anonymous"),
        ];
        for (name, bytes, about) in not_always {
            match bytes {
                Some(bytes) => line(page, name, bytes, about)?,
                None => writeln!(page, "{name:<14} {:>10}  not known", "?")?,
            }
        }
        line(page, "page tables", self.page_tables, "")?;
        line(page, "address space", self.address_space, "asked for, used or not")?;
        if let Some(allocator) = &self.allocator {
            writeln!(page, "\n{}", allocator.name)?;
            line(page, "  allocated", allocator.allocated, "handed out to the program")?;
            line(page, "  active", allocator.active, "in pages that hold some of it")?;
            line(page, "  resident", allocator.resident, "kept in RAM")?;
            line(page, "  mapped", allocator.mapped, "given by the kernel")?;
            line(page, "  retained", allocator.retained, "kept for later, without RAM")?;
        }
        match &self.not_read {
            Some(why) => writeln!(page, "not known is what is in smaps_rollup: {why}"),
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
    fn an_old_kernel_tells_less() {
        let memory = parse("VmRSS:\t 1000 kB\nVmHWM:\t 2000 kB\n", "");
        assert_eq!((memory.resident, memory.peak, memory.private), (1_024_000, 2_048_000, None));
    }
}
