//! Unwinding copied stacks with the tables that every program carries for its own panics.

use std::fs::File;

use framehop::{CacheNative, ExplicitModuleSectionInfo, Module, UnwindRegsNative, Unwinder, UnwinderNative};

use crate::threads::call_site::Functions;
use crate::threads::elf::{self, Bytes, PT_GNU_EH_FRAME, PT_LOAD, Segment};
use crate::threads::maps::Object;
use crate::threads::signal::Registers;

/// How many frames of a stack are followed.
pub(super) const FRAMES: usize = 256;

/// What a program's tables may take in memory; of larger ones this much is used.
const TABLES: u64 = 256 << 20;

/// The unwinding tables of what is loaded, read once and again when that changes.
#[derive(Default)]
pub(crate) struct Modules {
    pub(super) of: Vec<Object>,
    pub(super) unwinder: UnwinderNative<Vec<u8>, framehop::MayAllocateDuringUnwind>,
    pub(super) cache: CacheNative<framehop::MayAllocateDuringUnwind>,
    /// For frames whose frame pointer is not known (`asleep.rs`).
    pub(super) blind: CacheNative<framehop::MayAllocateDuringUnwind>,
    pub(super) functions: Functions,
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
    pub(crate) fn load(&mut self, objects: &[Object]) {
        if self.of == objects {
            return;
        }
        *self = Self { of: objects.to_vec(), ..Self::default() };
        let memory = File::open("/proc/self/mem").ok();
        for object in objects {
            if let Some(module) = module(object, memory.as_ref()) {
                self.unwinder.add_module(module);
            }
        }
    }

    /// Follows a stack, of which the piece from the stack pointer on was copied.
    pub(crate) fn unwind(&mut self, registers: &Registers, stack: &[u8]) -> Addresses {
        let start = registers.stack_pointer;
        let mut read = |address: u64| {
            let at = usize::try_from(address.checked_sub(start).ok_or(())?).map_err(drop)?;
            let word = stack.get(at..).and_then(|rest| rest.first_chunk()).ok_or(())?;
            Ok(u64::from_le_bytes(*word))
        };
        let pc = registers.program_counter;
        let mut frames = self.unwinder.iter_frames(pc, native(registers), &mut self.cache, &mut read);
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

/// An object's bytes by their offset from its beginning: of its image in memory, read through the kernel, so that where a library was
/// unloaded a read fails and nobody faults. A process that gave up rights since its start may not read its memory this way, but the
/// file has the same.
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

/// The object's tables: `.eh_frame_hdr` is a segment of its own and says where `.eh_frame` begins, whose end is that of its segment; a
/// zero ends it earlier.
fn module(object: &Object, memory: Option<&File>) -> Option<Module<Vec<u8>>> {
    let image = Image { object, memory };
    let segments = elf::segments(&image)?;
    let base_svma = elf::base(&segments)?;
    let read = |address: u64, size: u64| {
        let offset = address.checked_sub(base_svma)?;
        let length = usize::try_from(size.min(TABLES)).ok()?;
        (offset < object.range.end - object.range.start).then(|| image.bytes(offset, length))?
    };
    let hdr = segments.iter().find(|segment| segment.kind == PT_GNU_EH_FRAME)?;
    let eh_frame_hdr = read(hdr.address, hdr.size)?;
    let begin = eh_frame_begin(&eh_frame_hdr, hdr.address)?;
    let has_begin = |segment: &&Segment| {
        segment.kind == PT_LOAD && begin.checked_sub(segment.address).is_some_and(|at| at < segment.size)
    };
    let around = segments.iter().find(has_begin)?;
    let end = around.address.checked_add(around.size)?;
    let sections = ExplicitModuleSectionInfo {
        base_svma,
        eh_frame_svma: Some(begin..end),
        eh_frame: Some(read(begin, end - begin)?),
        eh_frame_hdr_svma: Some(hdr.address..hdr.address.checked_add(hdr.size)?),
        eh_frame_hdr: Some(eh_frame_hdr),
        ..ExplicitModuleSectionInfo::default()
    };
    Some(Module::new(object.path.clone(), object.range.clone(), object.range.start, sections))
}

/// The pointer behind the four bytes of the header, in the only encoding that linkers write: relative to itself, 4 bytes, signed
/// (Linux Standard Base, `.eh_frame_hdr`).
fn eh_frame_begin(hdr: &[u8], address: u64) -> Option<u64> {
    const VERSION_AND_ENCODING: [u8; 2] = [1, 0x1b];
    let relative = elf::u32_at(hdr, 4)?.cast_signed();
    hdr.starts_with(&VERSION_AND_ENCODING)
        .then(|| address.checked_add(4)?.checked_add_signed(relative.into()))?
}
