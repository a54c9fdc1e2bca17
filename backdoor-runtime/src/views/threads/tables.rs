//! A program's unwinding tables: the range of each function, stripped or not, and how to find its caller.

use std::fs::File;
use std::ops::{Deref, Range};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use gimli::{BaseAddresses, CieOrFde, DebugFrame, LittleEndian, UnwindSection};

use crate::procfs::maps::Object;
use crate::views::threads::elf::{self, Bytes, PT_GNU_EH_FRAME, PT_LOAD, Segment};
use crate::views::threads::object_file::ObjectFile;
use crate::views::threads::pages::{self, Pages};
use crate::views::threads::section::Section;

/// The largest tables of a library that are copied to memory. Larger ones are skipped.
const LARGEST: u64 = 64 << 20;

/// The tables of one program or library.
pub(super) struct Tables {
    /// The address that its first byte is linked for.
    pub(super) base: u64,
    pub(super) hdr: Piece,
    pub(super) hdr_address: u64,
    pub(super) eh_frame: Piece,
    pub(super) eh_frame_address: u64,
    /// The program's table for debuggers: musl's functions have no other. It is not loaded, and is read from the file.
    pub(super) debug_frame: Option<Piece>,
    /// The code ranges that it covers, sorted.
    debug_functions: Vec<Range<u64>>,
}

/// A part of the tables.
#[derive(Clone)]
pub(super) enum Piece {
    /// The program's, in place.
    InPlace(&'static [u8]),
    Copied(Arc<Pages>),
}

impl Default for Piece {
    fn default() -> Self {
        Self::InPlace(&[])
    }
}

impl Deref for Piece {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::InPlace(bytes) => bytes,
            Self::Copied(pages) => pages,
        }
    }
}

/// An object's bytes by their offset from its beginning. They are read from its image in memory through the kernel, so that a read fails
/// without a fault if a library was unloaded. A process that gave up rights since its start may not read its memory this way; then the file
/// has the same bytes.
struct Image<'a> {
    object: &'a Object,
    memory: Option<&'a File>,
}

impl Bytes for Image<'_> {
    fn bytes(&self, offset: u64, length: usize) -> Option<Vec<u8>> {
        match self.memory {
            Some(memory) => memory.bytes(self.object.range.start.checked_add(offset)?, length),
            None => File::open(self.object.file()).ok()?.bytes(offset, length),
        }
    }
}

impl Image<'_> {
    fn piece(&self, offset: u64, size: u64) -> Option<Piece> {
        let length = usize::try_from(size).ok()?;
        if let Some(bytes) = pages::of_program(self.object, offset, length) {
            return Some(Piece::InPlace(bytes));
        }
        let mut pages = (size <= LARGEST).then(|| Pages::new(length).ok())??;
        match self.memory {
            Some(memory) => {
                memory.read_exact_at(&mut pages, self.object.range.start.checked_add(offset)?).ok()?;
            }
            None => File::open(self.object.file()).ok()?.read_exact_at(&mut pages, offset).ok()?,
        }
        Some(Piece::Copied(Arc::new(pages)))
    }
}

impl Tables {
    /// `.eh_frame_hdr` is a segment of its own and gives the address of `.eh_frame`, which ends with its segment or at a zero entry before
    /// that.
    pub(super) fn read(object: &Object, memory: Option<&File>) -> Option<Self> {
        let image = Image { object, memory };
        let segments = elf::segments(&image)?;
        let base = elf::base(&segments)?;
        let read = |address: u64, size: u64| {
            let offset = address.checked_sub(base)?;
            (offset < object.range.end - object.range.start).then(|| image.piece(offset, size))?
        };
        let hdr_segment = segments.iter().find(|segment| segment.kind == PT_GNU_EH_FRAME)?;
        let hdr = read(hdr_segment.address, hdr_segment.size)?;
        let begin = eh_frame_begin(&hdr, hdr_segment.address)?;
        let has_begin = |segment: &&Segment| {
            segment.kind == PT_LOAD && begin.checked_sub(segment.address).is_some_and(|at| at < segment.size)
        };
        let around = segments.iter().find(has_begin)?;
        let end = around.address.checked_add(around.size)?;
        let debug_frame = object.is_program().then(|| debug_frame(object)).flatten();
        Some(Self {
            debug_functions: debug_frame.as_deref().map(debug_functions).unwrap_or_default(),
            debug_frame,
            base,
            hdr,
            hdr_address: hdr_segment.address,
            eh_frame: read(begin, end - begin)?,
            eh_frame_address: begin,
        })
    }

    /// Whether a table for debuggers covers this code.
    pub(super) fn has_debug_frame(&self, offset: u64) -> bool {
        let address = self.base.saturating_add(offset);
        let behind = self.debug_functions.partition_point(|function| function.start <= address);
        self.debug_functions[..behind].last().is_some_and(|function| function.contains(&address))
    }

    /// The range of the function that has code at this offset from the object's beginning; nothing if no table covers it. The header lists
    /// all functions sorted by their beginning (Linux Standard Base, `.eh_frame_hdr`).
    pub(super) fn function(&self, offset: u64) -> Option<Range<u64>> {
        const LIST: usize = 12;
        const ENTRY: usize = 8;
        const COUNT_AND_LIST: [u8; 2] = [0x03, 0x3b];
        if self.hdr.get(2..4)? != COUNT_AND_LIST {
            return None;
        }
        let count = elf::u32_at(&self.hdr, 8)? as usize;
        let list = self.hdr.get(LIST..)?.get(..count.checked_mul(ENTRY)?)?;
        let relative = |bytes: &[u8], at: usize| {
            self.hdr_address.checked_add_signed(elf::u32_at(bytes, at)?.cast_signed().into())
        };
        let address = self.base.checked_add(offset)?;
        let (mut first, mut behind) = (0, count);
        while first < behind {
            let middle = first.midpoint(behind);
            match relative(list, middle * ENTRY)? <= address {
                true => first = middle + 1,
                false => behind = middle,
            }
        }
        let entry = list.get(first.checked_sub(1)? * ENTRY..)?;
        let begin = relative(entry, 0)?;
        let description = relative(entry, 4)?.checked_sub(self.eh_frame_address)?;
        // The length, the common part, the function's beginning relative to here, and its size: in the encoding that compilers write.
        let length = elf::u32_at(&self.eh_frame, usize::try_from(description).ok()?.checked_add(12)?)?;
        let end = begin.checked_add(length.into())?;
        (address < end).then(|| begin - self.base..end - self.base)
    }
}

/// No C library's table is larger than this; a program that has one of its own has other tables for the same code.
const DEBUG_FRAME: u64 = 1 << 20;

fn debug_frame(object: &Object) -> Option<Piece> {
    let file = ObjectFile::open(object).ok()?;
    let header = file.headers.iter().find(|header| header.name == ".debug_frame" && header.is_in_file())?;
    let section = (header.size <= DEBUG_FRAME).then(|| Section::inflated(&file.file, header))??;
    Some(Piece::Copied(Arc::new(section.read_all()?)))
}

fn debug_functions(bytes: &[u8]) -> Vec<Range<u64>> {
    let mut section = DebugFrame::new(bytes, LittleEndian);
    section.set_address_size(8);
    let bases = BaseAddresses::default();
    let mut functions = Vec::new();
    let mut entries = section.entries(&bases);
    while let Ok(Some(entry)) = entries.next() {
        if let CieOrFde::Fde(partial) = entry
            && let Ok(fde) = partial.parse(DebugFrame::cie_from_offset)
        {
            functions.push(fde.initial_address()..fde.end_address());
        }
    }
    functions.sort_unstable_by_key(|function| function.start);
    functions
}

/// The pointer after the header's first four bytes, in the only encoding that linkers write: relative to itself, 4 bytes, signed.
fn eh_frame_begin(hdr: &[u8], address: u64) -> Option<u64> {
    const VERSION_AND_ENCODING: [u8; 2] = [1, 0x1b];
    let relative = elf::u32_at(hdr, 4)?.cast_signed();
    hdr.starts_with(&VERSION_AND_ENCODING)
        .then(|| address.checked_add(4)?.checked_add_signed(relative.into()))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procfs::maps::{self, Maps};

    #[test]
    fn a_function_begins_where_its_pointer_leads() {
        let maps = Maps::read().unwrap();
        let address = a_function_begins_where_its_pointer_leads as *const () as u64;
        let object = maps::object_at(&maps.objects, address).unwrap();
        let memory = File::open("/proc/self/mem").unwrap();
        let tables = Tables::read(object, Some(&memory)).unwrap();
        assert!(matches!(tables.hdr, Piece::InPlace(_)), "the program's own");
        let offset = address - object.range.start;
        let function = tables.function(offset + 3).unwrap();
        assert_eq!(function.start, offset);
        assert!(function.contains(&(offset + 3)));
        assert_eq!(tables.function(0), None);
    }
}
