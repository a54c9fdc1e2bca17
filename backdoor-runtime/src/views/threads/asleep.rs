//! The stack of a sleeping thread. The kernel tells its stack pointer, but not its frame pointer.
//!
//! The unwinding tables find the caller of most functions from the stack pointer alone. A function that keeps a frame pointer (those of the
//! standard library do) needs its frame record: the caller's frame pointer, followed by the return address. The record is searched for at
//! the offset that the function's first instructions give, or where a return address follows a call of this very function. A record counts
//! only if the unwinding tables lead from it to the outermost frame.

use framehop::{CacheNative, FrameAddress, UnwindRegsNative, Unwinder};

use crate::procfs::maps;
use crate::procfs::system_call::Asleep;
use crate::views::threads::call_site::{self, Called};
use crate::views::threads::modules::{Addresses, FRAMES, Modules};
use crate::views::threads::signal::PIECE;

/// Stands for an unknown frame pointer. No mapping has this address, so that a read there fails.
const UNKNOWN: u64 = 0x7f00_dead_beef_0000;

/// The frames that were found on the stack of a sleeping thread.
pub(super) struct Followed {
    pub(super) found: Addresses,
    /// The unwinding stopped early because it needed a frame pointer.
    pub(super) is_open: bool,
}

/// Where an unwinder is.
#[derive(Clone, Copy)]
struct At {
    address: FrameAddress,
    registers: UnwindRegsNative,
}

/// The copied part of a stack, from the stack pointer upwards.
#[derive(Clone, Copy)]
struct Piece<'a> {
    start: u64,
    bytes: &'a [u8],
}

impl Piece<'_> {
    fn word(self, address: u64) -> Option<u64> {
        let at = usize::try_from(address.checked_sub(self.start)?).ok()?;
        self.bytes.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word))
    }
}

impl Modules {
    /// Unwinds a stack whose part from the stack pointer upwards was copied. On aarch64 only a register holds the caller of the innermost
    /// function.
    pub(super) fn unwind_asleep(&mut self, thread: &Asleep, stack: &[u8]) -> Followed {
        let pc = thread.program_counter;
        let mut followed = Followed { found: Addresses { addresses: vec![pc], cut: true }, is_open: true };
        if cfg!(target_arch = "x86_64") {
            let piece = Piece { start: thread.stack_pointer, bytes: stack };
            let mut at = At {
                address: FrameAddress::from_instruction_pointer(pc),
                registers: start(pc, thread.stack_pointer),
            };
            while followed.found.addresses.len() < FRAMES {
                match self.step(at, piece) {
                    Step::Caller(caller) => at = caller,
                    Step::End => {
                        followed.found.cut = false;
                        followed.is_open = false;
                        break;
                    }
                    Step::Lost => {
                        followed.is_open = false;
                        break;
                    }
                    Step::Open => match self.record_of(at, piece) {
                        Some(caller) => at = caller,
                        None => break,
                    },
                }
                followed.found.addresses.push(at.address.address());
            }
            followed.is_open &= followed.found.addresses.len() < FRAMES;
        }
        followed
    }

    fn step(&mut self, at: At, piece: Piece<'_>) -> Step {
        let mut registers = at.registers;
        let is_known = frame_pointer(&registers) != UNKNOWN;
        let by_debug_frame = self.has_only_debug_frame(at.address.address_for_lookup());
        // A rule that could not be followed replaces the entry in its cache, so rules that lack a register get a cache of their own.
        let cache = if is_known { &mut self.cache } else { &mut self.blind };
        let mut read = |address| piece.word(address).ok_or(());
        let unwound = match by_debug_frame {
            // A failure is cached only briefly: few functions lack another table.
            true => {
                let cache = &mut CacheNative::<framehop::MayAllocateDuringUnwind>::default();
                self.by_debug_frame.unwind_frame(at.address, &mut registers, cache, &mut read)
            }
            false => self.unwinder.unwind_frame(at.address, &mut registers, cache, &mut read),
        };
        match unwound {
            Ok(None) => Step::End,
            Ok(Some(back)) => match FrameAddress::from_return_address(back) {
                Some(address) => Step::Caller(At { address, registers }),
                None => Step::End,
            },
            Err(_) if is_known => Step::Lost,
            Err(_) => Step::Open,
        }
    }

    /// The caller of a function that is unwound by its frame record.
    fn record_of(&mut self, at: At, piece: Piece<'_>) -> Option<At> {
        let begin = self.functions.begin(&self.of, at.address.address_for_lookup())?;
        let stack_pointer = stack_pointer(&at.registers);
        let expected = call_site::frame_size(begin).and_then(|size| stack_pointer.checked_add(size));
        if let Some(caller) = expected.and_then(|record| self.caller_by(record, at, piece, begin)) {
            let (caller, is_called) = caller;
            if is_called || self.is_whole(caller, piece) {
                return Some(caller);
            }
        }
        let end = piece.start + piece.bytes.len() as u64;
        let mut found = None;
        for record in (stack_pointer.next_multiple_of(8)..end).step_by(8) {
            match self.caller_by(record, at, piece, begin) {
                Some((caller, true)) if self.is_whole(caller, piece) => match found {
                    None => found = Some(caller),
                    // The record may be left over from an earlier call.
                    Some(_) => return None,
                },
                _ => {}
            }
        }
        found
    }

    /// The caller according to this record, and whether it called the function by name.
    fn caller_by(&mut self, record: u64, at: At, piece: Piece<'_>, begin: u64) -> Option<(At, bool)> {
        let back = piece.word(record.checked_add(8)?)?;
        maps::object_at(&self.of, back)?;
        let called = call_site::called(back)?;
        let mut registers = at.registers;
        set_frame_pointer(&mut registers, record);
        match self.step(At { registers, ..at }, piece) {
            Step::Caller(caller) if caller.address.address() == back => {
                Some((caller, called == Called::Function(begin)))
            }
            _ => None,
        }
    }

    /// Whether the stack can be unwound from there to its end, or to the end of the copy.
    fn is_whole(&mut self, mut at: At, piece: Piece<'_>) -> bool {
        for _ in 0..FRAMES {
            match self.step(at, piece) {
                Step::Caller(caller) => at = caller,
                Step::End => return true,
                Step::Lost | Step::Open => return piece.bytes.len() == PIECE,
            }
        }
        true
    }
}

enum Step {
    Caller(At),
    /// The outermost frame.
    End,
    /// The tables do not lead any further.
    Lost,
    /// A frame pointer would lead further.
    Open,
}

#[cfg(target_arch = "x86_64")]
fn start(pc: u64, sp: u64) -> UnwindRegsNative {
    UnwindRegsNative::new(pc, sp, UNKNOWN)
}

#[cfg(target_arch = "x86_64")]
fn frame_pointer(registers: &UnwindRegsNative) -> u64 {
    registers.bp()
}

#[cfg(target_arch = "x86_64")]
fn set_frame_pointer(registers: &mut UnwindRegsNative, to: u64) {
    registers.set_bp(to);
}

#[cfg(target_arch = "aarch64")]
fn start(_pc: u64, sp: u64) -> UnwindRegsNative {
    UnwindRegsNative::new(UNKNOWN, sp, UNKNOWN)
}

#[cfg(target_arch = "aarch64")]
fn frame_pointer(registers: &UnwindRegsNative) -> u64 {
    registers.fp()
}

#[cfg(target_arch = "aarch64")]
fn set_frame_pointer(registers: &mut UnwindRegsNative, to: u64) {
    registers.set_fp(to);
}

fn stack_pointer(registers: &UnwindRegsNative) -> u64 {
    registers.sp()
}
