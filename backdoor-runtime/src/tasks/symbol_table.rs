//! The program's own symbol table: the full paths of its functions. Their names stay in the file.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::LazyLock;

use object::read::elf::ElfFile64;
use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol, ReadCache, SymbolKind};

/// Of a name, so many bytes are read.
const NAME: usize = 4096;

static PROGRAM: LazyLock<Option<Program>> = LazyLock::new(Program::read);

struct Program {
    file: File,
    /// Address, size and the place of the name in the file, by address.
    functions: Vec<(u64, u64, u64)>,
    /// What the loader added to the addresses.
    bias: u64,
}

/// The name of the function that this address returns into, where the program has a symbol table.
pub(super) fn name(address: usize) -> Option<String> {
    PROGRAM.as_ref()?.name(address as u64)
}

impl Program {
    fn read() -> Option<Self> {
        let cache = ReadCache::new(File::open("/proc/self/exe").ok()?);
        let elf = ElfFile64::<object::Endianness, _>::parse(&cache).ok()?;
        let names = elf.section_by_name(".strtab")?.file_range()?.0;
        let endian = elf.endian();
        let functions = elf.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text);
        let mut functions: Vec<(u64, u64, u64)> = functions
            .map(|symbol| {
                let name = symbol.elf_symbol().st_name.get(endian);
                (symbol.address(), symbol.size(), names + u64::from(name))
            })
            .collect();
        functions.sort_unstable();
        // This function is where the loader has put it, and stands in the table.
        let own = name as fn(usize) -> Option<String> as usize as u64;
        let first = elf.segments().next()?.address();
        let bias = loaded_at()?.checked_sub(first)?;
        let knows = |address: u64| functions.binary_search_by_key(&address, |function| function.0).is_ok();
        if !knows(own.wrapping_sub(bias)) {
            return None;
        }
        Some(Self { file: File::open("/proc/self/exe").ok()?, functions, bias })
    }

    fn name(&self, address: u64) -> Option<String> {
        // The call stands before the address it returns to.
        let address = address.checked_sub(self.bias)?.checked_sub(1)?;
        let behind = self.functions.partition_point(|function| function.0 <= address);
        let (start, size, name) = *self.functions.get(behind.checked_sub(1)?)?;
        if address - start >= size {
            return None;
        }
        let mut bytes = vec![0; NAME];
        let read = self.file.read_at(&mut bytes, name).ok()?;
        bytes.truncate(bytes[..read].iter().position(|byte| *byte == 0)?);
        Some(format!("{:#}", backtrace::SymbolName::new(&bytes)))
    }
}

/// Where the first piece of the program lies.
fn loaded_at() -> Option<u64> {
    let program = std::fs::read_link("/proc/self/exe").ok()?;
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| line.ends_with(&*program.to_string_lossy()))?;
    u64::from_str_radix(line.split('-').next()?, 16).ok()
}
