//! Unwinds copied stacks with the tables that every program carries for its own panics.

use std::fs::File;

use framehop::{
    CacheNative, ExplicitModuleSectionInfo, FrameAddress, Module, UnwindRegsNative, Unwinder, UnwinderNative,
};

use crate::base::reserve;
use crate::procfs::maps::{self, Object};
use crate::views::threads::call_site::Functions;
use crate::views::threads::memory;
use crate::views::threads::signal::Registers;
use crate::views::threads::tables::{Piece, Tables};

/// The most frames of a stack.
pub(super) const FRAMES: usize = 256;

/// The unwinding tables of the loaded objects. The program's tables are read in place; those of libraries are copied, and freed with this
/// value.
#[derive(Default)]
pub(crate) struct Modules {
    pub(super) of: Vec<Object>,
    /// One entry for each object; nothing for an object without tables.
    tables: Vec<Option<Tables>>,
    pub(super) unwinder: UnwinderNative<Piece, framehop::MayAllocateDuringUnwind>,
    pub(super) cache: CacheNative<framehop::MayAllocateDuringUnwind>,
    /// For frames whose frame pointer is not known (`asleep.rs`).
    pub(super) blind: CacheNative<framehop::MayAllocateDuringUnwind>,
    pub(super) functions: Functions,
    /// For functions that have no other table, such as those of musl.
    pub(super) by_debug_frame: UnwinderNative<Piece, framehop::MayAllocateDuringUnwind>,
    pub(super) debug_cache: CacheNative<framehop::MayAllocateDuringUnwind>,
}

/// The frames of a stack, from the innermost outwards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Addresses {
    /// Return addresses, except for the first.
    pub(crate) addresses: Vec<u64>,
    /// Whether the unwinding stopped before the outermost frame.
    pub(crate) cut: bool,
}

impl Addresses {
    /// Each address, and whether it is a return address.
    pub(crate) fn each(&self) -> impl Iterator<Item = (u64, bool)> {
        self.addresses.iter().enumerate().map(|(at, address)| (*address, at > 0))
    }
}

/// The copy of a stack.
struct Copied<'a> {
    begin: u64,
    bytes: &'a [u8],
}

impl Copied<'_> {
    fn word(&self, address: u64) -> Option<u64> {
        let at = usize::try_from(address.checked_sub(self.begin)?).ok()?;
        self.bytes.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word))
    }
}

impl Modules {
    /// Reads the tables of these objects, if they have changed since the last call.
    pub(crate) fn load(&mut self, objects: &[Object]) {
        if self.of == objects {
            return;
        }
        // It does not stay open: it may come from the reserve.
        let file = reserve::with(|| File::open("/proc/self/mem")).ok();
        // If this fails, code cannot be read.
        let _ = memory::prepare();
        *self = Self { of: objects.to_vec(), ..Self::default() };
        for object in objects {
            let tables = Tables::read(object, file.as_ref());
            if let Some(tables) = &tables {
                self.unwinder.add_module(module(object, tables));
                if let Some(debug_frame) = &tables.debug_frame {
                    self.by_debug_frame.add_module(debug_module(object, tables.base, debug_frame));
                }
            }
            self.tables.push(tables);
        }
        drop(file);
        reserve::renew();
    }

    /// Unwinds a stack whose part from the stack pointer upwards was copied.
    pub(crate) fn unwind(&mut self, registers: &Registers, stack: &[u8]) -> Addresses {
        let stack = Copied { begin: registers.stack_pointer, bytes: stack };
        let mut found = Addresses { addresses: vec![registers.program_counter], cut: false };
        let mut at = native(registers);
        let mut address = FrameAddress::from_instruction_pointer(registers.program_counter);
        loop {
            let next = match self.tables_of(address.address_for_lookup()) {
                Some((tables, offset)) if tables.function(offset).is_some() => {
                    self.caller(address, &mut at, &stack)
                }
                Some((tables, offset)) if tables.has_debug_frame(offset) => {
                    self.caller_by_debug_frame(address, &mut at, &stack)
                }
                _ => self.by_frame_pointer(&mut at, &stack),
            };
            match next {
                Ok(Some(_)) if found.addresses.len() == FRAMES => found.cut = true,
                Ok(Some(caller)) => {
                    found.addresses.push(caller.address());
                    address = caller;
                    continue;
                }
                Ok(None) => {}
                Err(()) => found.cut = true,
            }
            return found;
        }
    }

    /// The same with the tables for debuggers.
    fn caller_by_debug_frame(
        &mut self,
        address: FrameAddress,
        at: &mut UnwindRegsNative,
        stack: &Copied<'_>,
    ) -> Result<Option<FrameAddress>, ()> {
        let mut read = |address| stack.word(address).ok_or(());
        let (unwinder, cache) = (&self.by_debug_frame, &mut self.debug_cache);
        let caller = unwinder.unwind_frame(address, at, cache, &mut read).map_err(drop)?;
        Ok(caller.and_then(FrameAddress::from_return_address))
    }

    fn caller(
        &mut self,
        address: FrameAddress,
        at: &mut UnwindRegsNative,
        stack: &Copied<'_>,
    ) -> Result<Option<FrameAddress>, ()> {
        let mut read = |address| stack.word(address).ok_or(());
        let caller = self.unwinder.unwind_frame(address, at, &mut self.cache, &mut read).map_err(drop)?;
        Ok(caller.and_then(FrameAddress::from_return_address))
    }

    /// The caller by the frame pointer, if no table covers this code. Code without a frame pointer leaves its caller's in the register, so
    /// functions may be missing in between; but no function is invented, because the address that is found has to follow a call.
    fn by_frame_pointer(
        &self,
        at: &mut UnwindRegsNative,
        stack: &Copied<'_>,
    ) -> Result<Option<FrameAddress>, ()> {
        let record = frame_pointer(at);
        if record == 0 {
            // This is the outermost function of a thread.
            return Ok(None);
        }
        let beyond = record.checked_add(16).filter(|_| record >= at.sp()).ok_or(())?;
        let (outer, caller) = (stack.word(record).ok_or(())?, stack.word(record + 8).ok_or(())?);
        if !self.is_behind_call(caller) {
            return Err(());
        }
        at.set_sp(beyond);
        set_frame_pointer(at, outer);
        Ok(FrameAddress::from_return_address(caller))
    }

    /// Whether only a table for debuggers covers this code.
    pub(super) fn has_only_debug_frame(&self, address: u64) -> bool {
        self.tables_of(address).is_some_and(|(tables, offset)| {
            tables.has_debug_frame(offset) && tables.function(offset).is_none()
        })
    }

    fn tables_of(&self, address: u64) -> Option<(&Tables, u64)> {
        let at = maps::place_of(&self.of, address)?;
        Some((self.tables.get(at)?.as_ref()?, address - self.of[at].range.start))
    }

    /// Whether the instruction before this address is a call.
    fn is_behind_call(&self, address: u64) -> bool {
        let mut code = [0; 8];
        let begin = address.wrapping_sub(code.len() as u64);
        maps::object_at(&self.of, begin).is_some()
            && usize::try_from(begin).is_ok_and(|begin| memory::read(begin, &mut code) == code.len())
            && ends_with_call(&code)
    }
}

/// `call rel32`, or `call r/m64` in each of its lengths.
#[cfg(target_arch = "x86_64")]
fn ends_with_call(code: &[u8; 8]) -> bool {
    const LENGTHS: [usize; 5] = [2, 3, 4, 6, 7];
    let is_indirect = |length: &usize| {
        let at = code.len() - length;
        code[at] == 0xff && (code[at + 1] >> 3) & 7 == 2
    };
    code[3] == 0xe8 || LENGTHS.iter().any(is_indirect)
}

/// `bl`, or `blr` with or without authentication.
#[cfg(target_arch = "aarch64")]
fn ends_with_call(code: &[u8; 8]) -> bool {
    let word = u32::from_le_bytes([code[4], code[5], code[6], code[7]]);
    word & 0xfc00_0000 == 0x9400_0000 || word & 0xfeff_f000 == 0xd63f_0000
}

#[cfg(target_arch = "x86_64")]
fn native(registers: &Registers) -> UnwindRegsNative {
    UnwindRegsNative::new(registers.program_counter, registers.stack_pointer, registers.frame_pointer)
}

#[cfg(target_arch = "x86_64")]
fn frame_pointer(at: &UnwindRegsNative) -> u64 {
    at.bp()
}

#[cfg(target_arch = "x86_64")]
fn set_frame_pointer(at: &mut UnwindRegsNative, to: u64) {
    at.set_bp(to);
}

#[cfg(target_arch = "aarch64")]
fn frame_pointer(at: &UnwindRegsNative) -> u64 {
    at.fp()
}

#[cfg(target_arch = "aarch64")]
fn set_frame_pointer(at: &mut UnwindRegsNative, to: u64) {
    at.set_fp(to);
}

#[cfg(target_arch = "aarch64")]
fn native(registers: &Registers) -> UnwindRegsNative {
    // Pointer authentication signs return addresses in the bits that user addresses do not use.
    let mask = framehop::aarch64::PtrAuthMask::new_24_40();
    UnwindRegsNative::new_with_ptr_auth_mask(
        mask,
        registers.link,
        registers.stack_pointer,
        registers.frame_pointer,
    )
}

fn module(object: &Object, tables: &Tables) -> Module<Piece> {
    let range = |begin: u64, piece: &Piece| Some(begin..begin + piece.len() as u64);
    let sections = ExplicitModuleSectionInfo {
        base_svma: tables.base,
        eh_frame_svma: range(tables.eh_frame_address, &tables.eh_frame),
        eh_frame: Some(tables.eh_frame.clone()),
        eh_frame_hdr_svma: range(tables.hdr_address, &tables.hdr),
        eh_frame_hdr: Some(tables.hdr.clone()),
        ..ExplicitModuleSectionInfo::default()
    };
    Module::new(object.path.clone(), object.range.clone(), object.range.start, sections)
}

fn debug_module(object: &Object, base_svma: u64, debug_frame: &Piece) -> Module<Piece> {
    let debug_frame = Some(debug_frame.clone());
    let sections =
        ExplicitModuleSectionInfo { base_svma, debug_frame, ..ExplicitModuleSectionInfo::default() };
    Module::new(object.path.clone(), object.range.clone(), object.range.start, sections)
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn call_instructions_are_recognized() {
        assert!(ends_with_call(&[0, 0, 0, 0xe8, 1, 2, 3, 4]), "call rel32");
        assert!(ends_with_call(&[0, 0, 0xff, 0x15, 1, 2, 3, 4]), "call [rip + disp32]");
        assert!(ends_with_call(&[0, 0, 0, 0, 0, 0, 0xff, 0xd0]), "call rax");
        assert!(ends_with_call(&[0, 0, 0, 0, 0, 0xff, 0x50, 8]), "call [rax + disp8]");
        assert!(!ends_with_call(&[0, 0, 0, 0xe9, 1, 2, 3, 4]), "jmp rel32");
        assert!(!ends_with_call(&[0, 0, 0, 0, 0, 0, 0xff, 0xe0]), "jmp rax");
    }
}
