//! A section of an ELF file, read piece by piece: only the pieces in use are in memory, and a truncated or unreadable file is an error
//! instead of the SIGBUS that a mapping would raise.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::views::threads::elf::{self, Header};
use crate::views::threads::pages::Pages;

/// How many bytes a small read fetches.
const WINDOW: usize = 4096;

/// The longest string that is read.
const STRING: usize = 4096;

/// A section's bytes.
#[derive(Default)]
pub(super) struct Section {
    source: Source,
    size: u64,
    /// The bytes of the last read, and their offset.
    window: Vec<u8>,
    begin: u64,
}

#[derive(Default)]
enum Source {
    #[default]
    Nothing,
    /// The file, and the section's offset in it.
    File(Arc<File>, u64),
    /// The inflated contents.
    Memory(Pages),
}

impl Section {
    /// The section with this header, as stored in the file.
    pub(super) fn of(file: &Arc<File>, header: &Header) -> Self {
        Self { source: Source::File(Arc::clone(file), header.offset), size: header.size, ..Self::default() }
    }

    /// The same, inflated if it is compressed with zlib.
    pub(super) fn inflated(file: &Arc<File>, header: &Header) -> Option<Self> {
        const ZLIB: u32 = 1;
        let section = Self::of(file, header);
        let Some(size) = header.inflated_size(file) else { return Some(section) };
        let packed = section.read(0, usize::try_from(header.size).ok()?)?;
        if elf::u32_at(&packed, 0)? != ZLIB {
            return None;
        }
        let mut pages = Pages::new(usize::try_from(size).ok()?).ok()?;
        let packed = packed.get(Header::COMPRESSION..)?;
        let done = miniz_oxide::inflate::decompress_slice_iter_to_slice(
            &mut pages,
            std::iter::once(packed),
            true,
            false,
        );
        (done.ok()? as u64 == size).then_some(Self { source: Source::Memory(pages), size, ..Self::default() })
    }

    /// This many bytes from the offset on, or as many as there are.
    pub(super) fn at(&mut self, offset: u64, length: usize) -> Option<&[u8]> {
        let left = usize::try_from(self.size.checked_sub(offset)?).ok()?;
        let length = length.min(left);
        let (file, start) = match &self.source {
            Source::Nothing => return None,
            Source::Memory(pages) => {
                let at = usize::try_from(offset).ok()?;
                return pages.get(at..at + length);
            }
            Source::File(file, start) => (file, *start),
        };
        let is_there = |begin: u64, window: &[u8]| {
            offset >= begin && offset - begin + length as u64 <= window.len() as u64
        };
        if !is_there(self.begin, &self.window) {
            self.window.resize(length.max(WINDOW).min(left), 0);
            self.begin = offset;
            if file.read_exact_at(&mut self.window, start.checked_add(offset)?).is_err() {
                self.window.clear();
                return None;
            }
        }
        let at = (offset - self.begin) as usize;
        self.window.get(at..at + length)
    }

    /// A copy of this many bytes; nothing if there are fewer.
    pub(super) fn read(&self, offset: u64, length: usize) -> Option<Pages> {
        let end = offset.checked_add(length as u64)?;
        if end > self.size {
            return None;
        }
        let mut pages = Pages::new(length).ok()?;
        match &self.source {
            Source::Nothing => return None,
            Source::Memory(all) => pages.copy_from_slice(all.get(offset as usize..end as usize)?),
            Source::File(file, start) => file.read_exact_at(&mut pages, start.checked_add(offset)?).ok()?,
        }
        Some(pages)
    }

    /// A copy of the whole section.
    pub(super) fn read_all(&self) -> Option<Pages> {
        self.read(0, usize::try_from(self.size).ok()?)
    }

    /// The string at this offset, without the zero at its end.
    pub(super) fn string(&mut self, offset: u64) -> Option<&[u8]> {
        const FIRST: usize = 256;
        let length = match self.at(offset, FIRST)?.contains(&0) {
            true => FIRST,
            false => STRING,
        };
        let bytes = self.at(offset, length)?;
        bytes.get(..bytes.iter().position(|byte| *byte == 0)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section() -> Section {
        let file = Arc::new(
            File::open(file!().rsplit_once("backdoor-runtime/").map_or(file!(), |(_, path)| path)).unwrap(),
        );
        let size = file.metadata().unwrap().len();
        Section { source: Source::File(file, 0), size, ..Section::default() }
    }

    #[test]
    fn pieces_equal_the_file() {
        let mut section = section();
        assert_eq!(section.at(0, 3), Some(&b"//!"[..]));
        let all = section.read(0, section.size as usize).unwrap();
        for offset in [0, 1, 4095, 4096, section.size - 2] {
            let piece = section.at(offset, 100).unwrap();
            assert!(all[offset as usize..].starts_with(piece) && !piece.is_empty(), "{offset}");
        }
    }

    #[test]
    fn reads_end_with_the_section() {
        let mut section = section();
        let size = section.size;
        assert_eq!(section.at(size, 1), Some(&[][..]));
        assert_eq!(section.at(size + 1, 1), None);
        assert!(section.read(size - 1, 2).is_none());
        assert_eq!(Section::default().at(0, 1), None);
    }
}
