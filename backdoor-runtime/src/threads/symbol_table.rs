//! The names of a program's functions from its symbol table. Line tables alone name a generic function without its path.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::threads::elf::{self, Bytes, SHT_DYNSYM, SHT_SYMTAB};

/// What a symbol table may take in memory. A larger one is passed over.
const LARGEST: u64 = 256 << 20;

/// The longest name that is read.
const NAME: usize = 4096;

/// The functions of one file. Their names stay in the file.
pub(super) struct SymbolTable {
    file: File,
    /// Where the names begin and end.
    names: (u64, u64),
    base: u64,
    /// By address.
    functions: Vec<Function>,
}

struct Function {
    address: u64,
    size: u64,
    name: u32,
}

impl SymbolTable {
    /// The table of a program or library, or of a library the names that it exports. Nothing where the file is gone.
    pub(super) fn open(path: &str) -> Option<Self> {
        let file = File::open(path).ok()?;
        let base = elf::base(&elf::segments(&file)?)?;
        let sections = elf::sections(&file)?;
        let of_kind = |kind| sections.iter().find(|section| section.kind == kind && section.size <= LARGEST);
        let symbols = of_kind(SHT_SYMTAB).or_else(|| of_kind(SHT_DYNSYM))?;
        let names = sections.get(symbols.link as usize)?;
        let table = file.bytes(symbols.offset, usize::try_from(symbols.size).ok()?)?;
        let mut functions: Vec<Function> = table.chunks_exact(24).filter_map(function).collect();
        functions.sort_unstable_by_key(|function| (function.address, function.size));
        let names = (names.offset, names.offset.checked_add(names.size)?);
        Some(Self { file, names, base, functions })
    }

    /// The name as the linker knows it of the function that has this offset from the beginning of the loaded file.
    pub(super) fn name(&self, offset: u64) -> Option<Vec<u8>> {
        let address = self.base.checked_add(offset)?;
        let behind = self.functions.partition_point(|function| function.address <= address);
        let function = self.functions.get(behind.checked_sub(1)?)?;
        if address - function.address >= function.size {
            return None;
        }
        let start = self.names.0.checked_add(function.name.into())?;
        let length = usize::try_from(self.names.1.checked_sub(start)?).ok()?.min(NAME);
        let mut name = self.file.bytes(start, length)?;
        name.truncate(name.iter().position(|byte| *byte == 0)?);
        Some(name)
    }
}

/// An entry (`Elf64_Sym`) that is a function and has code.
fn function(entry: &[u8]) -> Option<Function> {
    const FUNCTION: u8 = 2;
    let function = Function {
        address: elf::u64_at(entry, 8)?,
        size: elf::u64_at(entry, 16)?,
        name: elf::u32_at(entry, 0)?,
    };
    (entry.get(4)? & 0xf == FUNCTION && function.size > 0).then_some(function)
}

impl Bytes for File {
    fn bytes(&self, offset: u64, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.read_exact_at(&mut bytes, offset).ok().map(|()| bytes)
    }
}
