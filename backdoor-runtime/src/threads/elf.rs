//! As much of an ELF file's headers as unwinding and names need (elf(5), 64 bits, little-endian).

/// Bytes at an offset of the file, or of its image in memory; nothing where they cannot be had.
pub(super) trait Bytes {
    fn bytes(&self, offset: u64, length: usize) -> Option<Vec<u8>>;
}

/// A part of the file that is loaded, or says something of what is.
pub(super) struct Segment {
    pub(super) kind: u32,
    pub(super) address: u64,
    pub(super) size: u64,
}

/// A part of the file by its contents.
pub(super) struct Section {
    pub(super) kind: u32,
    /// The number of another section that this one needs.
    pub(super) link: u32,
    pub(super) offset: u64,
    pub(super) size: u64,
}

pub(super) const PT_LOAD: u32 = 1;
pub(super) const PT_GNU_EH_FRAME: u32 = 0x6474_e550;
pub(super) const SHT_SYMTAB: u32 = 2;
pub(super) const SHT_DYNSYM: u32 = 11;

/// The program headers.
pub(super) fn segments(file: &impl Bytes) -> Option<Vec<Segment>> {
    table(file, 32, 54, |entry| {
        Some(Segment { kind: u32_at(entry, 0)?, address: u64_at(entry, 16)?, size: u64_at(entry, 40)? })
    })
}

/// The section headers.
pub(super) fn sections(file: &impl Bytes) -> Option<Vec<Section>> {
    table(file, 40, 58, |entry| {
        Some(Section {
            kind: u32_at(entry, 4)?,
            link: u32_at(entry, 40)?,
            offset: u64_at(entry, 24)?,
            size: u64_at(entry, 32)?,
        })
    })
}

/// The address that the file's beginning is meant for: 0 where it can be loaded anywhere.
pub(super) fn base(segments: &[Segment]) -> Option<u64> {
    const PAGE: u64 = 4096;
    let loaded = segments.iter().filter(|segment| segment.kind == PT_LOAD);
    loaded.map(|segment| segment.address / PAGE * PAGE).min()
}

/// A table of the file's header: where it begins is at `start` of the header, an entry's size and their number at `sizes`.
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
