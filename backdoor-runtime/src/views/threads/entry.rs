//! An entry of `.debug_info`: the attributes that name a function and locate its code (DWARF 5, chapters 2 and 3).

use gimli::{
    Abbreviations, AttributeValue, DebugInfo, DwAt, Encoding, EndianSlice, EntriesRaw, Format, LittleEndian,
    Reader,
};

use crate::views::threads::elf;

pub(super) type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// The header of a compile unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// Its offset in `.debug_info`, and its length with the header.
    pub(super) offset: u64,
    pub(super) length: u64,
    /// The header's length.
    pub(super) header: usize,
    pub(super) encoding: Encoding,
    /// The offset of its abbreviations.
    pub(super) abbreviations: u64,
    /// Whether it has code, and not only types.
    pub(super) has_code: bool,
}

impl Head {
    /// The longest header that DWARF has.
    pub(super) const LONGEST: usize = 40;

    pub(super) fn read(bytes: &[u8], offset: u64) -> Option<Self> {
        const COMPILE_AND_PARTIAL: [u8; 2] = [1, 3];
        const SKELETON_AND_SPLIT: [u8; 2] = [4, 5];
        let short = elf::u32_at(bytes, 0)?;
        let (format, length, at) = match short {
            u32::MAX => (Format::Dwarf64, elf::u64_at(bytes, 4)?, 12),
            _ => (Format::Dwarf32, u64::from(short), 4),
        };
        let word = usize::from(format.word_size());
        let word_at = |at| match format {
            Format::Dwarf64 => elf::u64_at(bytes, at),
            Format::Dwarf32 => elf::u32_at(bytes, at).map(u64::from),
        };
        let version = elf::u16_at(bytes, at)?;
        let (abbreviations, address_size, header, has_code) = if version >= 5 {
            let kind = *bytes.get(at + 2)?;
            let header = at + 4 + word + if SKELETON_AND_SPLIT.contains(&kind) { 8 } else { 0 };
            let has_code = COMPILE_AND_PARTIAL.contains(&kind) || SKELETON_AND_SPLIT.contains(&kind);
            (word_at(at + 4)?, *bytes.get(at + 3)?, header, has_code)
        } else {
            (word_at(at + 2)?, *bytes.get(at + 2 + word)?, at + 3 + word, true)
        };
        let has_code = has_code && address_size == 8 && (2..=5).contains(&version);
        Some(Self {
            offset,
            length: length.checked_add(at as u64)?,
            header,
            encoding: Encoding { address_size, format, version },
            abbreviations,
            has_code,
        })
    }

    /// Builds a unit from its header and a single entry.
    pub(super) fn around(&self, header: &[u8], entry: &[u8]) -> Vec<u8> {
        let mut bytes = [header, entry].concat();
        let own = self.encoding.format.initial_length_size();
        let length = bytes.len() as u64 - u64::from(own);
        match self.encoding.format {
            Format::Dwarf64 => bytes[4..12].copy_from_slice(&length.to_le_bytes()),
            Format::Dwarf32 => bytes[..4].copy_from_slice(&(length as u32).to_le_bytes()),
        }
        bytes
    }
}

/// A string, or where the string is.
#[derive(Clone, Debug)]
pub(super) enum Text {
    Inline(Vec<u8>),
    /// In `.debug_str`, in `.debug_line_str`, or by its number in `.debug_str_offsets`.
    Strings(u64),
    LineStrings(u64),
    Number(u64),
}

/// An address, or its number in `.debug_addr`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Address {
    Direct(u64),
    Number(u64),
}

/// The end of a code range.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    At(Address),
    Length(u64),
}

/// A list of ranges: its offset in the section, or its number in the unit's table.
#[derive(Clone, Copy, Debug)]
pub(super) enum List {
    Offset(u64),
    Number(u64),
}

/// The attributes of an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) name: Option<Text>,
    pub(super) linker_name: Option<Text>,
    /// The offset in `.debug_info` of the entry that completes this one.
    pub(super) origin: Option<u64>,
    pub(super) begin: Option<Address>,
    pub(super) end: Option<End>,
    pub(super) ranges: Option<List>,
    pub(super) called_in: u64,
    pub(super) called_at: u64,
    /// Of a unit: its line program, its directory, and the offsets of its parts in other sections.
    pub(super) lines: Option<u64>,
    pub(super) directory: Option<Text>,
    pub(super) strings: u64,
    pub(super) addresses: u64,
    pub(super) lists: u64,
}

impl Entry {
    /// The first entry in a unit's bytes.
    pub(super) fn first(bytes: &[u8], unit: u64, abbreviations: &Abbreviations) -> Option<Self> {
        let header = DebugInfo::new(bytes, LittleEndian).units().next().ok()??;
        let mut entries = header.entries_raw(abbreviations, None).ok()?;
        let abbreviation = entries.read_abbreviation().ok()??;
        Self::read(&mut entries, abbreviation, unit)
    }

    /// The entry after its abbreviation was read. `unit` is the offset of its unit.
    pub(super) fn read(
        entries: &mut EntriesRaw<'_, Slice<'_>>,
        abbreviation: &gimli::Abbreviation,
        unit: u64,
    ) -> Option<Self> {
        let mut entry = Self::default();
        for specification in abbreviation.attributes() {
            let attribute = entries.read_attribute(*specification).ok()?;
            let number = attribute.udata_value();
            entry.take(attribute.name(), attribute.value(), number, unit);
        }
        Some(entry)
    }

    fn take(&mut self, name: DwAt, value: AttributeValue<Slice<'_>>, number: Option<u64>, unit: u64) {
        match (name, value) {
            (gimli::DW_AT_name, value) => self.name = text(&value),
            (gimli::DW_AT_linkage_name | gimli::DW_AT_MIPS_linkage_name, value) => {
                self.linker_name = text(&value);
            }
            (gimli::DW_AT_comp_dir, value) => self.directory = text(&value),
            (gimli::DW_AT_abstract_origin | gimli::DW_AT_specification, AttributeValue::UnitRef(at)) => {
                self.origin = unit.checked_add(at.0 as u64);
            }
            (gimli::DW_AT_abstract_origin | gimli::DW_AT_specification, AttributeValue::DebugInfoRef(at)) => {
                self.origin = Some(at.0 as u64);
            }
            (gimli::DW_AT_low_pc, value) => self.begin = address(&value),
            (gimli::DW_AT_high_pc, value) => {
                self.end = address(&value).map(End::At).or(number.map(End::Length));
            }
            (gimli::DW_AT_ranges, AttributeValue::RangeListsRef(at)) => {
                self.ranges = Some(List::Offset(at.0 as u64));
            }
            (gimli::DW_AT_ranges, AttributeValue::DebugRngListsIndex(at)) => {
                self.ranges = Some(List::Number(at.0 as u64));
            }
            (gimli::DW_AT_stmt_list, AttributeValue::DebugLineRef(at)) => self.lines = Some(at.0 as u64),
            (gimli::DW_AT_str_offsets_base, AttributeValue::DebugStrOffsetsBase(at)) => {
                self.strings = at.0 as u64;
            }
            (gimli::DW_AT_addr_base, AttributeValue::DebugAddrBase(at)) => self.addresses = at.0 as u64,
            (gimli::DW_AT_rnglists_base, AttributeValue::DebugRngListsBase(at)) => self.lists = at.0 as u64,
            (gimli::DW_AT_call_file, AttributeValue::FileIndex(file)) => self.called_in = file,
            (gimli::DW_AT_call_line, _) => self.called_at = number.unwrap_or_default(),
            _ => {}
        }
    }
}

/// The length of the first declaration in an abbreviation table: a number, a tag, whether it has children, and pairs of numbers that end
/// with two zeros. Nothing if a form stores its value here as a third number.
pub(super) fn declaration(bytes: &[u8]) -> Option<usize> {
    let mut input = Slice::new(bytes, LittleEndian);
    input.read_uleb128().ok()?;
    input.read_uleb128().ok()?;
    input.read_u8().ok()?;
    loop {
        let (name, form) = (input.read_uleb128().ok()?, input.read_uleb128().ok()?);
        match (name, form) {
            (0, 0) => return Some(bytes.len() - input.len()),
            (_, form) if form == u64::from(gimli::DW_FORM_implicit_const.0) => return None,
            _ => {}
        }
    }
}

pub(super) fn text(value: &AttributeValue<Slice<'_>>) -> Option<Text> {
    Some(match value {
        AttributeValue::String(text) => Text::Inline(text.slice().to_vec()),
        AttributeValue::DebugStrRef(at) => Text::Strings(at.0 as u64),
        AttributeValue::DebugLineStrRef(at) => Text::LineStrings(at.0 as u64),
        AttributeValue::DebugStrOffsetsIndex(at) => Text::Number(at.0 as u64),
        _ => return None,
    })
}

fn address(value: &AttributeValue<Slice<'_>>) -> Option<Address> {
    Some(match value {
        AttributeValue::Addr(address) => Address::Direct(*address),
        AttributeValue::DebugAddrIndex(at) => Address::Number(at.0 as u64),
        _ => return None,
    })
}
