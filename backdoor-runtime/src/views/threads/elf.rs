//! The parts of an ELF file's headers that unwinding and names need (elf(5), 64 bits, little-endian).

use std::fs::File;
use std::os::unix::fs::FileExt;

/// Bytes at an offset of the file, or of its image in memory; nothing if they cannot be read.
pub(super) trait Bytes {
    fn bytes(&self, offset: u64, length: usize) -> Option<Vec<u8>>;
}

impl Bytes for File {
    fn bytes(&self, offset: u64, length: usize) -> Option<Vec<u8>> {
        // A damaged header may ask for any length.
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).ok()?;
        bytes.resize(length, 0);
        self.read_exact_at(&mut bytes, offset).ok().map(|()| bytes)
    }
}

/// A program header: a part of the file that is loaded, or that describes a loaded part.
pub(super) struct Segment {
    pub(super) kind: u32,
    pub(super) is_code: bool,
    pub(super) address: u64,
    pub(super) size: u64,
}

/// A section header.
pub(super) struct Header {
    pub(super) name: String,
    pub(super) kind: u32,
    flags: u64,
    /// The number of another section that this one refers to.
    pub(super) link: u32,
    pub(super) offset: u64,
    pub(super) size: u64,
    name_at: u32,
}

pub(super) const PT_LOAD: u32 = 1;
pub(super) const PT_GNU_EH_FRAME: u32 = 0x6474_e550;
pub(super) const SHT_SYMTAB: u32 = 2;
const SHT_NOBITS: u32 = 8;
pub(super) const SHT_DYNSYM: u32 = 11;

/// The program headers.
pub(super) fn segments(file: &impl Bytes) -> Option<Vec<Segment>> {
    const CODE: u32 = 1;
    table(file, 32, 54, |entry| {
        Some(Segment {
            kind: u32_at(entry, 0)?,
            is_code: u32_at(entry, 4)? & CODE != 0,
            address: u64_at(entry, 16)?,
            size: u64_at(entry, 40)?,
        })
    })
}

/// The section headers, with their names.
pub(super) fn sections(file: &impl Bytes) -> Option<Vec<Header>> {
    const NAMES: usize = 1 << 20;
    let mut headers = table(file, 40, 58, |entry| {
        Some(Header {
            name: String::new(),
            kind: u32_at(entry, 4)?,
            flags: u64_at(entry, 8)?,
            link: u32_at(entry, 40)?,
            offset: u64_at(entry, 24)?,
            size: u64_at(entry, 32)?,
            name_at: u32_at(entry, 0)?,
        })
    })?;
    let of_names = headers.get(usize::from(u16_at(&file.bytes(0, 64)?, 62)?))?;
    let names = file.bytes(of_names.offset, usize::try_from(of_names.size).ok()?.min(NAMES))?;
    for header in &mut headers {
        let name = names.get(header.name_at as usize..).unwrap_or_default();
        let end = name.iter().position(|byte| *byte == 0).unwrap_or_default();
        header.name = String::from_utf8_lossy(&name[..end]).into_owned();
    }
    Some(headers)
}

impl Header {
    /// The size of the header in front of a compressed section's contents (`Elf64_Chdr`).
    pub(super) const COMPRESSION: usize = 24;

    /// Whether the section's contents are in the file.
    pub(super) fn is_in_file(&self) -> bool {
        self.kind != SHT_NOBITS
    }

    /// The section's uncompressed size; nothing if it is not compressed.
    pub(super) fn inflated_size(&self, file: &File) -> Option<u64> {
        const COMPRESSED: u64 = 1 << 11;
        let header = (self.flags & COMPRESSED != 0).then(|| file.bytes(self.offset, Self::COMPRESSION))??;
        u64_at(&header, 8)
    }
}

/// The address that the file's first byte is linked for: 0 if the file can be loaded anywhere.
pub(super) fn base(segments: &[Segment]) -> Option<u64> {
    const PAGE: u64 = 4096;
    let loaded = segments.iter().filter(|segment| segment.kind == PT_LOAD);
    loaded.map(|segment| segment.address / PAGE * PAGE).min()
}

/// A table that the file's header describes: its offset is at `start` of the header, an entry's size and the number of entries at `sizes`.
fn table<T>(
    file: &impl Bytes,
    start: usize,
    sizes: usize,
    entry: impl Fn(&[u8]) -> Option<T>,
) -> Option<Vec<T>> {
    let header = file.bytes(0, 64)?;
    if !header.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let size = usize::from(u16_at(&header, sizes)?);
    let count = usize::from(u16_at(&header, sizes + 2)?);
    let entries = file.bytes(u64_at(&header, start)?, size * count)?;
    entries.chunks_exact(size.max(1)).map(entry).collect()
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}
