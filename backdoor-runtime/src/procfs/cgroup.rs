//! The control group of the process and those above it, as files.

use std::path::{Path, PathBuf};

use crate::procfs::files::{counter, read};

/// Bytes that may still be used in the group and in each group above it; page cache that is not in use counts as free. `None` if no limit
/// is visible.
pub(crate) fn free_memory() -> Option<u64> {
    let membership = read("/proc/self/cgroup").ok()?;
    free_memory_of(&membership, Path::new("/sys/fs/cgroup"))
}

pub(crate) fn free_memory_of(membership: &str, root: &Path) -> Option<u64> {
    let lines = membership.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
    let old = lines.clone().find(|(names, _)| names.split(',').any(|name| name == "memory"));
    let new = lines.clone().find(|(names, _)| names.is_empty());
    let (group, [limit, usage, cache]) = match (old, new) {
        (Some((_, path)), _) => (
            Group::new(&root.join("memory"), path),
            ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"],
        ),
        (None, Some((_, path))) => {
            (Group::new(root, path), ["memory.max", "memory.current", "inactive_file"])
        }
        (None, None) => return None,
    };
    let free = |directory: &PathBuf| {
        let number = |file: &str| read(directory.join(file)).ok()?.trim().parse::<u64>().ok();
        // No limit is `max`, or the largest number of whole pages.
        let limit = number(limit).filter(|limit| *limit < 1 << 62)?;
        let stat = read(directory.join("memory.stat")).unwrap_or_default();
        let used = number(usage)?.saturating_sub(counter(&stat, cache).unwrap_or_default());
        Some(limit.saturating_sub(used))
    };
    group.directories.iter().filter_map(free).min()
}

/// The directories of a group and of the groups above it, as far as they are visible.
pub(crate) struct Group {
    /// The group's own first.
    pub(crate) directories: Vec<PathBuf>,
}

impl Group {
    pub(crate) fn new(root: &Path, path: &str) -> Self {
        let own = root.join(path.trim_start_matches('/'));
        // In a container the path may be one of the host's, which is not there.
        let own = if own.is_dir() { own } else { root.to_owned() };
        let above = own.ancestors().take_while(|directory| directory.starts_with(root));
        Self { directories: above.map(Path::to_owned).collect() }
    }

    pub(crate) fn own(&self) -> &Path {
        &self.directories[0]
    }

    /// A file of the group itself; empty if there is none.
    pub(crate) fn text(&self, file: &str) -> String {
        read(self.own().join(file)).unwrap_or_default()
    }

    pub(crate) fn number(&self, file: &str) -> Option<u64> {
        self.text(file).trim().parse().ok()
    }

    /// The same file of the group and of those above it.
    pub(crate) fn each(&self, file: &str) -> impl Iterator<Item = String> {
        self.directories.iter().filter_map(move |directory| read(directory.join(file)).ok())
    }

    /// The smallest limit; `max` is none.
    pub(crate) fn smallest(&self, file: &str) -> Option<u64> {
        self.each(file).filter_map(|text| text.trim().parse().ok()).min()
    }
}
