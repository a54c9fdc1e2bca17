//! Names of a program's functions from its symbol table. Line tables alone name a generic function without its path.
//!
//! One pass reads the table piece by piece for all wanted addresses; nothing of it is kept.

use std::fs::File;
use std::sync::Arc;

use crate::views::threads::elf::{self, Header, SHT_DYNSYM, SHT_SYMTAB};
use crate::views::threads::section::Section;

/// The size of an entry (`Elf64_Sym`), and how many are read at a time.
const ENTRY: usize = 24;
const TOGETHER: usize = 2048;

/// The best match for an address so far.
#[derive(Clone, Copy)]
struct Function {
    address: u64,
    size: u64,
    name: u32,
}

/// The linker's names of the functions at these sorted addresses of the file. The table is `.symtab`, which a strip removes, else the table
/// of a library's exports.
pub(super) fn names(file: &Arc<File>, headers: &[Header], addresses: &[u64]) -> Vec<Option<Vec<u8>>> {
    let mut names = vec![None; addresses.len()];
    let of_kind = |kind| headers.iter().find(|header| header.kind == kind && header.is_in_file());
    let Some(table) = of_kind(SHT_SYMTAB).or_else(|| of_kind(SHT_DYNSYM)) else { return names };
    let found = functions(Section::of(file, table), addresses);
    let Some(strings) = headers.get(table.link as usize) else { return names };
    let mut strings = Section::of(file, strings);
    for (name, function) in names.iter_mut().zip(found) {
        *name = function.and_then(|function| strings.string(function.name.into()).map(<[u8]>::to_vec));
    }
    names
}

fn functions(mut table: Section, addresses: &[u64]) -> Vec<Option<Function>> {
    let mut found = vec![None::<Function>; addresses.len()];
    let mut offset = 0;
    while let Some(piece) = table.at(offset, ENTRY * TOGETHER).filter(|piece| piece.len() >= ENTRY) {
        for function in piece.chunks_exact(ENTRY).filter_map(function) {
            let first = addresses.partition_point(|address| *address < function.address);
            for (address, best) in addresses[first..].iter().zip(&mut found[first..]) {
                if address - function.address >= function.size {
                    break;
                }
                // Of several functions that cover it the innermost wins, and of several that begin at one place the largest.
                if best.is_none_or(|best| (best.address, best.size) < (function.address, function.size)) {
                    *best = Some(function);
                }
            }
        }
        offset += (ENTRY * TOGETHER) as u64;
    }
    found
}

/// An entry, if it is a function with code.
fn function(entry: &[u8]) -> Option<Function> {
    const FUNCTION: u8 = 2;
    let function = Function {
        address: elf::u64_at(entry, 8)?,
        size: elf::u64_at(entry, 16)?,
        name: elf::u32_at(entry, 0)?,
    };
    (entry.get(4)? & 0xf == FUNCTION && function.size > 0).then_some(function)
}
