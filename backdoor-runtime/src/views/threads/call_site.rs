//! What machine code tells about a function on x86-64: where it begins, how far its frame record is above the stack pointer, and which
//! function the instruction before a return address calls.

use std::collections::HashMap;

use crate::procfs::maps::{self, Object};
use crate::views::threads::elf::{self, Bytes, PT_GNU_EH_FRAME};
use crate::views::threads::memory;

/// How many functions are remembered.
const KEPT: usize = 4096;

/// Finds the beginning of functions in the tables in memory.
#[derive(Default)]
pub(super) struct Functions {
    /// The key is an address in the function.
    begin: HashMap<u64, Option<u64>>,
    /// The table of each object; the key is the object's first address.
    tables: HashMap<u64, Option<Table>>,
}

/// The sorted table behind `.eh_frame_hdr`.
#[derive(Clone, Copy)]
struct Table {
    header: u64,
    entries: u64,
}

/// The call in front of a return address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Called {
    Function(u64),
    /// The call goes through a register or a table of functions.
    Unknown,
}

impl Functions {
    /// The beginning of the function that contains this address.
    pub(super) fn begin(&mut self, objects: &[Object], address: u64) -> Option<u64> {
        if let Some(begin) = self.begin.get(&address) {
            return *begin;
        }
        if self.begin.len() >= KEPT {
            self.begin.clear();
        }
        let object = maps::object_at(objects, address)?;
        let table = *self.tables.entry(object.range.start).or_insert_with(|| table(object));
        let begin = table.and_then(|table| table.function(address));
        self.begin.insert(address, begin);
        begin
    }
}

impl Table {
    /// The last entry that begins at or before the address. An entry has two signed offsets from the header: of the function, and of its
    /// unwinding entry, which has the function's length.
    fn function(self, address: u64) -> Option<u64> {
        let entry = |at: u64| {
            let mut entry = [0; 8];
            let from = usize::try_from(self.header + 12 + at * 8).ok()?;
            (memory::read(from, &mut entry) == 8).then_some(())?;
            let offset = |at| Some(i64::from(elf::u32_at(&entry, at)?.cast_signed()));
            let address = |offset| self.header.checked_add_signed(offset);
            Some((address(offset(0)?)?, address(offset(4)?)?))
        };
        let (mut low, mut high) = (0, self.entries);
        while low < high {
            let middle = low + (high - low) / 2;
            if entry(middle)?.0 <= address { low = middle + 1 } else { high = middle }
        }
        let (begin, described_at) = entry(low.checked_sub(1)?)?;
        // The unwinding entry's length and the offset of its common part, then the function's begin and size, in the encoding that
        // compilers write: relative to the field itself, 4 bytes each.
        let mut described = [0; 16];
        (memory::read(described_at as usize, &mut described) == 16).then_some(())?;
        let relative = i64::from(elf::u32_at(&described, 8)?.cast_signed());
        let size = u64::from(elf::u32_at(&described, 12)?);
        let is_the_same = (described_at + 8).checked_add_signed(relative) == Some(begin);
        (is_the_same && address - begin < size).then_some(begin)
    }
}

struct Image(u64);

impl Bytes for Image {
    fn bytes(&self, offset: u64, length: usize) -> Option<Vec<u8>> {
        const LARGEST: usize = 1 << 16;
        let mut bytes = vec![0; Some(length).filter(|length| *length <= LARGEST)?];
        let from = usize::try_from(self.0.checked_add(offset)?).ok()?;
        (memory::read(from, &mut bytes) == length).then_some(bytes)
    }
}

fn table(object: &Object) -> Option<Table> {
    /// Version 1; a pointer relative to itself; a count of 4 bytes; offsets of 4 bytes from the header (Linux Standard Base).
    const ENCODING: [u8; 4] = [1, 0x1b, 0x03, 0x3b];
    let image = Image(object.range.start);
    let segments = elf::segments(&image)?;
    let header = segments.iter().find(|segment| segment.kind == PT_GNU_EH_FRAME)?;
    let offset = header.address.checked_sub(elf::base(&segments)?)?;
    let begin = image.bytes(offset, 12)?;
    let entries = u64::from(elf::u32_at(&begin, 8)?).min(header.size.saturating_sub(12) / 8);
    begin.starts_with(&ENCODING).then_some(Table { header: object.range.start + offset, entries })
}

/// How far the frame record is above the stack pointer after the function's prologue. Reads the first instructions, as compilers that keep
/// frame pointers write them.
pub(super) fn frame_size(begin: u64) -> Option<u64> {
    size_by(&code(begin, 64)?)
}

fn size_by(code: &[u8]) -> Option<u64> {
    const MARK: &[u8] = &[0xf3, 0x0f, 0x1e, 0xfa];
    let code = code.strip_prefix(MARK).unwrap_or(code);
    let code = code.strip_prefix(&[0x55])?;
    let mut code =
        [[0x48, 0x89, 0xe5], [0x48, 0x8b, 0xec]].iter().find_map(|copy| code.strip_prefix(copy))?;
    let mut size = 0;
    loop {
        code = match code {
            [0x41, 0x50..=0x57, rest @ ..] | [0x50..=0x53 | 0x56 | 0x57, rest @ ..] => rest,
            [0x48, 0x83, 0xec, less, ..] => return Some(size + u64::from(*less)),
            [0x48, 0x83, 0xc4, 0x80, ..] => return Some(size + 128),
            [0x48, 0x81, 0xec, rest @ ..] => return Some(size + u64::from(elf::u32_at(rest, 0)?)),
            _ => return Some(size),
        };
        size += 8;
    }
}

/// The target of the call in front of a return address; nothing if that instruction is no call.
pub(super) fn called(return_address: u64) -> Option<Called> {
    let before = code(return_address.checked_sub(7)?, 7)?;
    let relative =
        |from: u64, bytes: &[u8]| from.checked_add_signed(i64::from(elf::u32_at(bytes, 0)?.cast_signed()));
    if before[2] == 0xe8 {
        return Some(behind_stubs(relative(return_address, &before[3..])?));
    }
    if before[1..3] == [0xff, 0x15] {
        return Some(
            memory::word(relative(return_address, &before[3..])?).map_or(Called::Unknown, behind_stubs),
        );
    }
    is_indirect(&before).then_some(Called::Unknown)
}

/// `call *..`: FF, a byte with 2 in its middle bits, and the operand bytes that it asks for.
fn is_indirect(before: &[u8]) -> bool {
    (2..=7).any(|length| {
        let call = &before[7 - length..];
        let [0xff, mode, ..] = call else { return false };
        let has_index = mode & 0b111 == 0b100 && mode >> 6 != 0b11;
        let is_absolute = |base: u8| base & 0b111 == 0b101;
        let behind = match mode >> 6 {
            0b00 if is_absolute(*mode)
                || has_index && call.get(2).is_some_and(|index| is_absolute(*index)) =>
            {
                4
            }
            0b01 => 1,
            0b10 => 4,
            _ => 0,
        };
        mode >> 3 & 0b111 == 2 && length == 2 + usize::from(has_index) + behind
    })
}

/// The function behind a chain of jumps: stubs of a linkage table, and plain jumps.
fn behind_stubs(mut target: u64) -> Called {
    const HOPS: usize = 3;
    for _ in 0..HOPS {
        let Some(stub) = code(target, 16) else { return Called::Unknown };
        let marked = if stub.starts_with(&[0xf3, 0x0f, 0x1e, 0xfa]) { 4 } else { 0 };
        let at = marked + usize::from(stub[marked] == 0xf2);
        let end = |length: usize| target + (at + length) as u64;
        let offset =
            |from: usize| elf::u32_at(&stub, at + from).map(|offset| i64::from(offset.cast_signed()));
        let next = match stub[at..] {
            [0xff, 0x25, ..] => offset(2).and_then(|offset| memory::word(end(6).checked_add_signed(offset)?)),
            [0xe9, ..] => offset(1).and_then(|offset| end(5).checked_add_signed(offset)),
            _ => return Called::Function(target),
        };
        let Some(next) = next else { return Called::Unknown };
        target = next;
    }
    Called::Function(target)
}

fn code(at: u64, length: usize) -> Option<Vec<u8>> {
    let mut code = vec![0; length];
    let read = memory::read(usize::try_from(at).ok()?, &mut code);
    code.truncate(read);
    // The function may end where the mapping ends.
    (read >= 7).then(|| {
        code.resize(length, 0xcc);
        code
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_sizes_are_read_from_code() {
        let check = |code: &[u8], size| assert_eq!(size_by(code), size, "{code:x?}");
        check(&[0x55, 0x48, 0x89, 0xe5, 0x90], Some(0));
        check(&[0x55, 0x48, 0x89, 0xe5, 0x41, 0x57, 0x53, 0x48, 0x83, 0xec, 0x28], Some(16 + 0x28));
        check(&[0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5, 0x50, 0x90], Some(8));
        check(&[0x55, 0x48, 0x89, 0xe5, 0x48, 0x81, 0xec, 0x10, 1, 0, 0], Some(0x110));
        check(&[0x48, 0x83, 0xec, 0x28], None);
    }

    #[test]
    fn calls_are_recognized() {
        let check = |code: &[u8], expected| {
            let mut before = vec![0x90; 7 - code.len()];
            before.extend(code);
            assert_eq!(is_indirect(&before), expected, "{code:x?}");
        };
        check(&[0xff, 0xd0], true);
        check(&[0x41, 0xff, 0xd4], true);
        check(&[0xff, 0x50, 0x18], true);
        check(&[0xff, 0x54, 0x24, 0x08], true);
        check(&[0xff, 0x90, 0, 1, 0, 0], true);
        check(&[0xff, 0x94, 0x24, 0, 1, 0, 0], true);
        check(&[0xff, 0x14, 0xc8], true);
        check(&[0xff, 0x14, 0x25, 0, 1, 0, 0], true);
        check(&[0xff, 0xe0], false);
        check(&[0x48, 0x89, 0xe5], false);
    }
}
