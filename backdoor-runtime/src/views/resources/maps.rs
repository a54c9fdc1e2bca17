//! The memory mappings of the process, single or summed by name.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use crate::base::byte_size::size;
use crate::base::sort;
use crate::procfs::files::read;
use crate::reply::record;
use crate::{Column, CommandOutput, Cut, Page, Value};

record! {
    /// One mapping of the process (`/proc/self/smaps`; proc(5)). Sizes are in bytes.
    pub(crate) struct Mapping {
        /// The first address, in hexadecimal.
        pub start: String,
        /// Its permissions: `r-xp`.
        pub permissions: String,
        /// Its size.
        pub size: u64,
        /// The part in RAM.
        pub resident: u64,
        /// The part of `resident` that is private and written by this process.
        pub private_dirty: u64,
        /// The part in swap.
        pub swapped: u64,
        /// The mapped file, `[heap]`, `[stack]`, or `anonymous`.
        pub name: String,
    }
}

record! {
    /// All mappings of one name. Sizes are in bytes.
    pub(crate) struct MappingSum {
        /// The number of mappings.
        pub mappings: u64,
        /// Their total size.
        pub size: u64,
        /// The part in RAM.
        pub resident: u64,
        /// The part of `resident` that is private and written by this process.
        pub private_dirty: u64,
        /// The part in swap.
        pub swapped: u64,
        /// The mapped file, `[heap]`, `[stack]`, or `anonymous`.
        pub name: String,
    }
}

/// The mappings of the process, by address.
///
/// # Errors
/// `/proc` is not mounted, or hidden.
pub(crate) fn mappings() -> io::Result<Vec<Mapping>> {
    Ok(parse(&read("/proc/self/smaps")?))
}

/// The sums of mappings by name, the most resident first.
pub(crate) fn sum(mappings: &[Mapping]) -> Vec<MappingSum> {
    let mut sums: BTreeMap<&str, MappingSum> = BTreeMap::new();
    for mapping in mappings {
        let sum = sums.entry(&mapping.name).or_insert_with(|| MappingSum {
            mappings: 0,
            size: 0,
            resident: 0,
            private_dirty: 0,
            swapped: 0,
            name: mapping.name.clone(),
        });
        sum.mappings += 1;
        sum.size += mapping.size;
        sum.resident += mapping.resident;
        sum.private_dirty += mapping.private_dirty;
        sum.swapped += mapping.swapped;
    }
    let mut sums: Vec<_> = sums.into_values().collect();
    sort::sort_by(&mut sums, |left, right| {
        right.resident.cmp(&left.resident).then_with(|| left.name.cmp(&right.name))
    });
    sums
}

fn parse(smaps: &str) -> Vec<Mapping> {
    let mut mappings: Vec<Mapping> = Vec::new();
    for line in smaps.lines() {
        if let Some(mapping) = begin(line) {
            mappings.push(mapping);
            continue;
        }
        let Some(mapping) = mappings.last_mut() else { continue };
        let Some((key, value)) = line.split_once(':') else { continue };
        let field = match key {
            "Rss" => &mut mapping.resident,
            "Private_Dirty" => &mut mapping.private_dirty,
            "Swap" => &mut mapping.swapped,
            _ => continue,
        };
        let number = value.trim().trim_end_matches(" kB").parse::<u64>();
        *field = number.map_or(0, |kibibytes| kibibytes * 1024);
    }
    mappings
}

/// `55d0c0000000-55d0c0021000 rw-p 00000000 00:00 0    [heap]`
fn begin(line: &str) -> Option<Mapping> {
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let (from, to) = (u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
    let (permissions, rest) = rest.split_once(' ')?;
    // Offset, device and inode precede the name, which may contain spaces.
    let mut name = rest;
    for _ in 0..3 {
        name = name.trim_start().split_once(' ').map_or("", |(_, rest)| rest);
    }
    let name = match name.trim() {
        "" => "anonymous",
        name => name,
    };
    Some(Mapping {
        start: start.to_owned(),
        permissions: permissions.to_owned(),
        size: to.saturating_sub(from),
        resident: 0,
        private_dirty: 0,
        swapped: 0,
        name: name.to_owned(),
    })
}

/// The reply of `maps`.
pub(crate) enum Shown {
    Each(Vec<Mapping>),
    Sums(Vec<MappingSum>),
}

/// The columns of a narrow terminal: the end of the path, without the address.
const COLUMNS: [Column; 6] = [
    Column::new("start").spare(3),
    Column::new("perm").spare(4),
    Column::new("size").right().whole().spare(2),
    Column::new("resident").right().whole(),
    Column::new("dirty").right().whole().spare(1),
    Column::new("name").cut(Cut::Start).least(12),
];

impl CommandOutput for Shown {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let rows: Vec<Value> = match self {
            Self::Each(mappings) => mappings.iter().map(Mapping::row).collect(),
            Self::Sums(sums) => sums.iter().map(MappingSum::row).collect(),
        };
        page.table(&rows, &COLUMNS)
    }

    fn value(&self) -> Value {
        match self {
            Self::Each(mappings) => Value::of(mappings),
            Self::Sums(sums) => Value::of(sums),
        }
    }
}

impl Mapping {
    fn row(&self) -> Value {
        Value::record([
            ("start", self.start.as_str().into()),
            ("perm", self.permissions.as_str().into()),
            ("size", size(self.size).into()),
            ("resident", size(self.resident).into()),
            ("dirty", size(self.private_dirty).into()),
            ("name", self.name.as_str().into()),
        ])
    }
}

impl MappingSum {
    fn row(&self) -> Value {
        Value::record([
            ("mappings", self.mappings.into()),
            ("size", size(self.size).into()),
            ("resident", size(self.resident).into()),
            ("dirty", size(self.private_dirty).into()),
            ("name", self.name.as_str().into()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
00400000-00500000 r-xp 00000000 fe:00 123   /usr/bin/a shop (deleted)
Size:               1024 kB
Rss:                 512 kB
Private_Dirty:         8 kB
VmFlags: rd ex mr
7f00-8f00 rw-p 00000000 00:00 0
Rss:                   4 kB
Swap:                 12 kB
9f00-af00 rw-p 00000000 00:00 0 
Rss:                   4 kB
";

    #[test]
    fn mappings_have_their_names_and_numbers() {
        let mappings = parse(SMAPS);
        assert_eq!(mappings.len(), 3);
        assert_eq!(mappings[0].name, "/usr/bin/a shop (deleted)");
        assert_eq!((mappings[0].size, mappings[0].resident), (1 << 20, 512 << 10));
        assert_eq!(mappings[0].private_dirty, 8 << 10);
        assert_eq!((mappings[1].name.as_str(), mappings[1].swapped), ("anonymous", 12 << 10));
    }

    #[test]
    fn sums_are_by_name_and_the_most_resident_is_first() {
        let sums = sum(&parse(SMAPS));
        assert_eq!(sums[0].resident, 512 << 10);
        assert_eq!((sums[1].name.as_str(), sums[1].mappings, sums[1].size), ("anonymous", 2, 0x2000));
    }

    #[test]
    fn the_process_itself_has_mappings() {
        let sums = sum(&mappings().unwrap());
        assert!(sums.iter().any(|sum| sum.name == "[heap]" || sum.name == "[stack]"), "{sums:?}");
    }
}
