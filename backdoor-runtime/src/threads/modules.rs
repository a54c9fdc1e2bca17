//! Unwinding copied stacks with the tables that every program carries for its own panics.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use framehop::{CacheNative, ExplicitModuleSectionInfo, Module, UnwindRegsNative, Unwinder, UnwinderNative};

use crate::threads::maps::Object;
use crate::threads::signal::{Copied, Registers};

/// How many frames of a stack are followed.
const FRAMES: usize = 256;

/// What a program's tables may take in memory; larger ones are left out, and its frames are followed by their frame pointers.
const TABLES: u64 = 256 << 20;

/// The unwinding tables of what is loaded, read once and again when that changes.
#[derive(Default)]
pub(super) struct Modules {
    of: Vec<Object>,
    unwinder: UnwinderNative<Vec<u8>, framehop::MayAllocateDuringUnwind>,
    cache: CacheNative<framehop::MayAllocateDuringUnwind>,
}

/// Where a stack went, from the innermost frame outwards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Addresses {
    /// Return addresses, but for the first.
    pub(crate) addresses: Vec<u64>,
    /// Whether the end of the stack was not reached.
    pub(crate) cut: bool,
}

impl Modules {
    /// Reads the tables of these objects, where they are not those of the last time.
    pub(super) fn load(&mut self, objects: &[Object]) {
        if self.of == objects {
            return;
        }
        *self = Self { of: objects.to_vec(), ..Self::default() };
        let memory = Memory::open();
        for object in objects {
            if let Some(module) = module(object, &memory) {
                self.unwinder.add_module(module);
            }
        }
    }

    /// Follows a copied stack.
    pub(super) fn unwind(&mut self, copied: &Copied) -> Addresses {
        let (start, stack) = (copied.registers.stack_pointer, copied.stack());
        let mut read = |address: u64| {
            let at = usize::try_from(address.checked_sub(start).ok_or(())?).map_err(drop)?;
            let word = stack.get(at..).and_then(|rest| rest.first_chunk()).ok_or(())?;
            Ok(u64::from_le_bytes(*word))
        };
        let pc = copied.registers.program_counter;
        let mut frames = self.unwinder.iter_frames(pc, native(&copied.registers), &mut self.cache, &mut read);
        let mut found = Addresses::default();
        loop {
            match frames.next() {
                Ok(Some(_)) if found.addresses.len() == FRAMES => found.cut = true,
                Ok(Some(frame)) => {
                    found.addresses.push(frame.address());
                    continue;
                }
                Ok(None) => {}
                Err(_) => found.cut = true,
            }
            return found;
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn native(registers: &Registers) -> UnwindRegsNative {
    UnwindRegsNative::new(registers.program_counter, registers.stack_pointer, registers.frame_pointer)
}

#[cfg(target_arch = "aarch64")]
fn native(registers: &Registers) -> UnwindRegsNative {
    // Pointer authentication signs return addresses with the bits that no user address has.
    let mask = framehop::aarch64::PtrAuthMask::new_24_40();
    UnwindRegsNative::new_with_ptr_auth_mask(
        mask,
        registers.link,
        registers.stack_pointer,
        registers.frame_pointer,
    )
}

/// The process's own memory, read through the kernel: where a library was unloaded a read fails, and nobody faults.
struct Memory(Option<File>);

impl Memory {
    fn open() -> Self {
        Self(File::open("/proc/self/mem").ok())
    }

    /// Bytes of an object at an address. A process that gave up rights since its start may not read its memory this way, but its
    /// program's file has the same.
    fn read(&self, object: &Object, address: u64, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        if let Some(memory) = &self.0 {
            return memory.read_exact_at(&mut bytes, address).ok().map(|()| bytes);
        }
        let file = fs::canonicalize(&object.path).and_then(File::open).ok()?;
        file.read_exact_at(&mut bytes, address - object.range.start).ok().map(|()| bytes)
    }
}

/// A segment of an ELF file (elf(5), `Elf64_Phdr`).
struct Segment {
    kind: u32,
    address: u64,
    size: u64,
}

const PT_LOAD: u32 = 1;
const PT_GNU_EH_FRAME: u32 = 0x6474_e550;

/// The object's tables: `.eh_frame_hdr` is a segment of its own and says where `.eh_frame` begins, whose end is that of its
/// segment; a zero ends it earlier.
fn module(object: &Object, memory: &Memory) -> Option<Module<Vec<u8>>> {
    let base = object.range.start;
    let segments = segments(&memory.read(object, base, 64)?, |offset, length| {
        memory.read(object, base.checked_add(offset)?, length)
    })?;
    let loaded = || segments.iter().filter(|segment| segment.kind == PT_LOAD);
    let base_svma = loaded().map(|segment| segment.address & !4095).min()?;
    let hdr = segments.iter().find(|segment| segment.kind == PT_GNU_EH_FRAME)?;
    let read = |svma: u64, length: u64| {
        let address = base.checked_add(svma.checked_sub(base_svma)?)?;
        (length <= TABLES && object.range.contains(&address))
            .then(|| memory.read(object, address, length as usize))?
    };
    let eh_frame_hdr = read(hdr.address, hdr.size)?;
    let begin = eh_frame_begin(&eh_frame_hdr, hdr.address)?;
    let around = loaded()
        .find(|segment| segment.address <= begin && begin < segment.address.saturating_add(segment.size))?;
    let end = around.address.saturating_add(around.size);
    let sections = ExplicitModuleSectionInfo {
        base_svma,
        eh_frame_svma: Some(begin..end),
        eh_frame: Some(read(begin, end - begin)?),
        eh_frame_hdr_svma: Some(hdr.address..hdr.address + hdr.size),
        eh_frame_hdr: Some(eh_frame_hdr),
        ..ExplicitModuleSectionInfo::default()
    };
    Some(Module::new(object.path.clone(), object.range.clone(), base, sections))
}

fn segments(header: &[u8], read: impl Fn(u64, usize) -> Option<Vec<u8>>) -> Option<Vec<Segment>> {
    if !header.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let offset = u64::from_le_bytes(*header.get(32..)?.first_chunk()?);
    let size = usize::from(u16::from_le_bytes(*header.get(54..)?.first_chunk()?));
    let count = usize::from(u16::from_le_bytes(*header.get(56..)?.first_chunk()?));
    let table = read(offset, size * count)?;
    let segment = |entry: &[u8]| {
        Some(Segment {
            kind: u32::from_le_bytes(*entry.first_chunk()?),
            address: u64::from_le_bytes(*entry.get(16..)?.first_chunk()?),
            size: u64::from_le_bytes(*entry.get(40..)?.first_chunk()?),
        })
    };
    table.chunks_exact(size.max(1)).map(segment).collect()
}

/// The pointer behind the four bytes of the header, in the only encoding that linkers write: relative to itself, 4 bytes, signed
/// (Linux Standard Base, `.eh_frame_hdr`).
fn eh_frame_begin(hdr: &[u8], address: u64) -> Option<u64> {
    const VERSION_AND_ENCODING: [u8; 2] = [1, 0x1b];
    let relative = i32::from_le_bytes(*hdr.get(4..)?.first_chunk()?);
    hdr.starts_with(&VERSION_AND_ENCODING).then(|| (address + 4).checked_add_signed(relative.into()))?
}
