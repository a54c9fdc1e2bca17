//! A program's debug information. One compile unit at a time is in memory, while its addresses are looked up.
//!
//! Only the index from code ranges to units may stay for the next look-up. Everything is read from the file (see [`Section`]).

use std::collections::HashMap;
use std::fs::File;
use std::rc::Rc;
use std::sync::Arc;

use gimli::{Abbreviations, DebugAbbrev, DebugAbbrevOffset, Format, LittleEndian, Reader};

use crate::views::threads::elf::{self, Header};
use crate::views::threads::entry::{self, Address, End, Entry, Head, List, Slice, Text};
use crate::views::threads::section::Section;
use crate::views::threads::unit_index::{Covering, UnitIndex};

/// How many unit headers and abbreviation tables are kept, for entries that refer to other units.
const KEPT: usize = 16;

/// The sizes to try for reading an entry. Few entries are longer than the first.
const ENTRY: [usize; 2] = [512, 16 * 1024];

/// A unit's header and its root entry.
pub(super) struct Unit {
    pub(super) head: Head,
    pub(super) root: Entry,
    /// The base address of its ranges.
    base: u64,
}

/// The sections, and what was found in them.
#[derive(Default)]
pub(super) struct DebugInfo {
    pub(super) info: Section,
    pub(super) lines: Section,
    abbreviations: Section,
    strings: Section,
    line_strings: Section,
    string_offsets: Section,
    addresses: Section,
    ranges: Section,
    range_lists: Section,
    pub(super) index: UnitIndex,
    /// Ranges below this address have no code: the linker moves functions there that it leaves out.
    pub(super) code: u64,
    read_units: HashMap<u64, Rc<Unit>>,
    read_abbreviations: HashMap<u64, Rc<Abbreviations>>,
}

/// How much memory the debug information takes at the start: compressed sections have to be inflated.
pub(super) fn inflated(file: &File, headers: &[Header]) -> u64 {
    let of_debug = headers.iter().filter(|header| is_wanted(&header.name));
    of_debug.filter_map(|header| Some(header.inflated_size(file)?.saturating_add(header.size))).sum()
}

/// Whether the file has debug information.
pub(super) fn is_there(headers: &[Header]) -> bool {
    headers.iter().any(|header| header.name == ".debug_info" && header.is_in_file())
}

fn is_wanted(name: &str) -> bool {
    const WANTED: [&str; 9] = [
        ".debug_info",
        ".debug_line",
        ".debug_abbrev",
        ".debug_str",
        ".debug_line_str",
        ".debug_str_offsets",
        ".debug_addr",
        ".debug_ranges",
        ".debug_rnglists",
    ];
    WANTED.contains(&name)
}

impl DebugInfo {
    /// Opens the debug information, with the index of an earlier look-up if there is one. Gives nothing if it cannot be read.
    pub(super) fn open(file: &Arc<File>, headers: &[Header], index: Option<UnitIndex>) -> Option<Self> {
        let mut of = Self::default();
        for header in headers.iter().filter(|header| is_wanted(&header.name) && header.is_in_file()) {
            let section = Section::inflated(file, header)?;
            match header.name.as_str() {
                ".debug_info" => of.info = section,
                ".debug_line" => of.lines = section,
                ".debug_abbrev" => of.abbreviations = section,
                ".debug_str" => of.strings = section,
                ".debug_line_str" => of.line_strings = section,
                ".debug_str_offsets" => of.string_offsets = section,
                ".debug_addr" => of.addresses = section,
                ".debug_ranges" => of.ranges = section,
                _ => of.range_lists = section,
            }
        }
        let segments = elf::segments(file.as_ref())?;
        of.code = segments.iter().filter(|segment| segment.is_code).map(|segment| segment.address).min()?;
        if let Some(index) = index {
            of.index = index;
            return Some(of);
        }
        let mut offset = 0;
        // A damaged header ends the list of units.
        while let Some(head) = of.info.at(offset, Head::LONGEST).and_then(|bytes| Head::read(bytes, offset)) {
            if head.has_code {
                of.index.units.push(offset);
            }
            offset = offset.saturating_add(head.length);
        }
        of.find_ranges();
        Some(of)
    }

    /// Builds the index from code ranges to units.
    fn find_ranges(&mut self) {
        for at in 0..self.index.units.len() {
            let offset = self.index.units[at];
            let Some(unit) = self.unit_at(offset) else { continue };
            let mut covered = Covering::default();
            self.each_range(&unit, &unit.root, |begin, end| covered.add(begin, end));
            self.index.add(offset, covered);
        }
        self.index.sort();
        self.read_units.clear();
    }

    /// The unit at this offset.
    pub(super) fn unit_at(&mut self, offset: u64) -> Option<Rc<Unit>> {
        let head = Head::read(self.info.at(offset, Head::LONGEST)?, offset)?;
        self.unit(head)
    }

    fn unit(&mut self, head: Head) -> Option<Rc<Unit>> {
        if let Some(unit) = self.read_units.get(&head.offset) {
            return Some(Rc::clone(unit));
        }
        let root = self.root(&head)?;
        let mut unit = Unit { head, root, base: 0 };
        unit.base = unit.root.begin.and_then(|begin| self.address(&unit, begin)).unwrap_or_default();
        let unit = Rc::new(unit);
        if self.read_units.len() >= KEPT {
            self.read_units.clear();
        }
        self.read_units.insert(head.offset, Rc::clone(&unit));
        Some(unit)
    }

    /// The unit's root entry. Its abbreviation is usually the first of a long table.
    fn root(&mut self, head: &Head) -> Option<Entry> {
        let first = |of: &mut Self| {
            let bytes = of.abbreviations.at(head.abbreviations, ENTRY[0])?;
            let table = [bytes.get(..entry::declaration(bytes)?)?, &[0]].concat();
            let table = DebugAbbrev::new(&table, LittleEndian).abbreviations(DebugAbbrevOffset(0)).ok()?;
            Entry::first(
                of.info.at(head.offset, ENTRY[0]).map(|unit| head.around(&[], unit))?.as_slice(),
                head.offset,
                &table,
            )
        };
        first(self).or_else(|| self.entry(head, head.offset + head.header as u64))
    }

    /// An entry of a unit, by its offset in the section.
    fn entry(&mut self, head: &Head, offset: u64) -> Option<Entry> {
        let abbreviations = self.abbreviations(head.abbreviations)?;
        ENTRY.into_iter().find_map(|length| {
            let header = self.info.at(head.offset, head.header)?.to_vec();
            let unit = head.around(&header, self.info.at(offset, length)?);
            Entry::first(&unit, head.offset, &abbreviations)
        })
    }

    pub(super) fn abbreviations(&mut self, offset: u64) -> Option<Rc<Abbreviations>> {
        if let Some(abbreviations) = self.read_abbreviations.get(&offset) {
            return Some(Rc::clone(abbreviations));
        }
        let mut length = 4096;
        let abbreviations = loop {
            let bytes = self.abbreviations.at(offset, length)?;
            let is_all = bytes.len() < length;
            let table = DebugAbbrev::new(bytes, LittleEndian).abbreviations(DebugAbbrevOffset(0));
            match table {
                Ok(table) => break Rc::new(table),
                Err(_) if is_all => return None,
                Err(_) => length *= 2,
            }
        };
        if self.read_abbreviations.len() >= KEPT {
            self.read_abbreviations.clear();
        }
        self.read_abbreviations.insert(offset, Rc::clone(&abbreviations));
        Some(abbreviations)
    }

    /// The name of an entry, or of an entry that it refers to: the linker's name if there is one.
    pub(super) fn name(&mut self, offset: u64) -> Option<Vec<u8>> {
        const STEPS: usize = 8;
        let (mut at, mut name) = (offset, None);
        for _ in 0..STEPS {
            let unit = self.unit_at(self.index.unit_around(at)?)?;
            let entry = self.entry(&unit.head, at)?;
            if let Some(linker_name) = entry.linker_name.and_then(|text| self.text(&unit, &text)) {
                return Some(linker_name);
            }
            name = name.or_else(|| self.text(&unit, &entry.name?));
            match entry.origin {
                Some(origin) => at = origin,
                None => break,
            }
        }
        name
    }

    pub(super) fn text(&mut self, unit: &Unit, text: &Text) -> Option<Vec<u8>> {
        match text {
            Text::Inline(bytes) => Some(bytes.clone()),
            Text::Strings(at) => self.strings.string(*at).map(<[u8]>::to_vec),
            Text::LineStrings(at) => self.line_strings.string(*at).map(<[u8]>::to_vec),
            Text::Number(number) => {
                let at = word(&mut self.string_offsets, unit, unit.root.strings, *number)?;
                self.strings.string(at).map(<[u8]>::to_vec)
            }
        }
    }

    fn address(&mut self, unit: &Unit, address: Address) -> Option<u64> {
        match address {
            Address::Direct(address) => Some(address),
            Address::Number(number) => {
                let at = unit.root.addresses.checked_add(number.checked_mul(8)?)?;
                elf::u64_at(self.addresses.at(at, 8)?, 0)
            }
        }
    }

    /// Calls `range` for each code range of an entry.
    pub(super) fn each_range(&mut self, unit: &Unit, entry: &Entry, mut range: impl FnMut(u64, u64)) {
        let code = self.code;
        let mut real = |begin: u64, end: u64| {
            if begin >= code && begin < end {
                range(begin, end);
            }
        };
        // A damaged list ends early.
        let _ = match entry.ranges {
            Some(list) if unit.head.encoding.version >= 5 => self.each_listed(unit, list, &mut real),
            Some(List::Offset(offset)) => self.each_pair(unit, offset, &mut real),
            _ => entry.begin.and_then(|begin| {
                let begin = self.address(unit, begin)?;
                let end = match entry.end? {
                    End::At(address) => self.address(unit, address)?,
                    End::Length(length) => begin.checked_add(length)?,
                };
                real(begin, end);
                Some(())
            }),
        };
    }

    /// A list of `.debug_ranges` (DWARF 4, 2.17.3).
    fn each_pair(&mut self, unit: &Unit, offset: u64, range: &mut impl FnMut(u64, u64)) -> Option<()> {
        let (mut at, mut base) = (offset, unit.base);
        loop {
            let pair = self.ranges.at(at, 16)?;
            let (begin, end) = (elf::u64_at(pair, 0)?, elf::u64_at(pair, 8)?);
            at += 16;
            match (begin, end) {
                (0, 0) => return Some(()),
                (u64::MAX, end) => base = end,
                _ => range(base.wrapping_add(begin), base.wrapping_add(end)),
            }
        }
    }

    /// A list of `.debug_rnglists` (DWARF 5, 2.17.3).
    fn each_listed(&mut self, unit: &Unit, list: List, range: &mut impl FnMut(u64, u64)) -> Option<()> {
        const LONGEST: usize = 24;
        let mut at = match list {
            List::Offset(offset) => offset,
            List::Number(number) => {
                let lists = unit.root.lists;
                lists.checked_add(word(&mut self.range_lists, unit, lists, number)?)?
            }
        };
        let mut base = unit.base;
        loop {
            let bytes = self.range_lists.at(at, LONGEST)?;
            let mut input = Slice::new(bytes, LittleEndian);
            let kind = gimli::DwRle(input.read_u8().ok()?);
            let mut numbers = [0; 2];
            for number in &mut numbers[..operands(kind)] {
                *number = input.read_uleb128().ok()?;
            }
            let mut direct = || input.read_u64().ok();
            let [first, second] = numbers;
            let (begin, end) = match kind {
                gimli::DW_RLE_end_of_list => return Some(()),
                gimli::DW_RLE_base_addressx => (Address::Number(first), None),
                gimli::DW_RLE_startx_endx => (Address::Number(first), Some(End::At(Address::Number(second)))),
                gimli::DW_RLE_startx_length => (Address::Number(first), Some(End::Length(second))),
                gimli::DW_RLE_offset_pair => (
                    Address::Direct(base.wrapping_add(first)),
                    Some(End::At(Address::Direct(base.wrapping_add(second)))),
                ),
                gimli::DW_RLE_base_address => (Address::Direct(direct()?), None),
                gimli::DW_RLE_start_end => {
                    (Address::Direct(direct()?), Some(End::At(Address::Direct(direct()?))))
                }
                gimli::DW_RLE_start_length => {
                    let begin = direct()?;
                    (Address::Direct(begin), Some(End::Length(input.read_uleb128().ok()?)))
                }
                _ => return None,
            };
            at += (bytes.len() - input.len()) as u64;
            let begin = self.address(unit, begin)?;
            match end {
                None => base = begin,
                Some(End::At(end)) => range(begin, self.address(unit, end)?),
                Some(End::Length(length)) => range(begin, begin.wrapping_add(length)),
            }
        }
    }
}

/// How many packed numbers (LEB128) follow.
fn operands(kind: gimli::DwRle) -> usize {
    match kind {
        gimli::DW_RLE_base_addressx => 1,
        gimli::DW_RLE_startx_endx | gimli::DW_RLE_startx_length | gimli::DW_RLE_offset_pair => 2,
        _ => 0,
    }
}

/// An address or offset from a unit's table.
fn word(section: &mut Section, unit: &Unit, table: u64, number: u64) -> Option<u64> {
    let size = u64::from(unit.head.encoding.format.word_size());
    let bytes = section.at(table.checked_add(number.checked_mul(size)?)?, size as usize)?;
    match unit.head.encoding.format {
        Format::Dwarf64 => elf::u64_at(bytes, 0),
        Format::Dwarf32 => elf::u32_at(bytes, 0).map(u64::from),
    }
}
