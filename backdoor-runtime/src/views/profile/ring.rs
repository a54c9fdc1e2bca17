//! The ring for the samples of a profile: signal handlers fill its slots on any thread, and the collector empties them, without a lock.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use crate::views::tasks;
use crate::views::threads::memory;
use crate::views::threads::signal::{self, Registers};

/// How many bytes of a stack are copied. Larger stacks are cut at their outer end.
const PIECE: usize = 64 * 1024;

/// The most samples that wait for the collector. Their memory costs nothing until it is used.
pub(super) const SLOTS: usize = 32;

const FREE: u32 = 0;
const WRITING: u32 = 1;
const DONE: u32 = 2;

/// The state of a thread when its timer expired.
pub(super) struct Sample {
    /// The profile that the sample belongs to.
    profile: u32,
    pub(super) tid: i32,
    /// The task that the thread was polling; 0 if none is instrumented.
    pub(super) task: u64,
    /// How many samples it stands for: more than one if one tick of the kernel's clock covers several.
    pub(super) weight: u64,
    pub(super) registers: Registers,
    length: usize,
    bytes: [u8; PIECE],
}

struct Slot {
    state: AtomicU32,
    sample: UnsafeCell<Sample>,
}

// SAFETY: a sample is written by the one handler that moved the state from free to writing, and read by the one collector only after it has
// seen done; the state's release and acquire order the two.
unsafe impl Sync for Slot {}

static RING: [Slot; SLOTS] = [const {
    Slot {
        state: AtomicU32::new(FREE),
        sample: UnsafeCell::new(Sample {
            profile: 0,
            tid: 0,
            task: 0,
            weight: 0,
            registers: Registers::NONE,
            length: 0,
            bytes: [0; PIECE],
        }),
    }
}; SLOTS];

/// The current profile; 0 if there is none.
static PROFILE: AtomicU32 = AtomicU32::new(0);

/// The slot that the next sample tries first.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The number of samples that found no slot.
static LOST: AtomicU64 = AtomicU64::new(0);

/// The collector's side of the ring.
pub(super) struct Ring {
    profile: u32,
}

impl Ring {
    /// Opens the ring for a profile. Only one may be open.
    pub(super) fn open() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        signal::on_timer(sample);
        let ring = Self { profile: NUMBER.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1) };
        LOST.store(0, Ordering::Relaxed);
        PROFILE.store(ring.profile, Ordering::Release);
        ring
    }

    /// The value in the signal of a thread's timer.
    pub(super) fn mark(&self, tid: i32) -> u64 {
        u64::from(self.profile) << 32 | u64::from(tid.cast_unsigned())
    }

    /// Empties the slots that are done.
    pub(super) fn drain(&mut self, mut take: impl FnMut(&Sample)) {
        for slot in &RING {
            if slot.state.load(Ordering::Acquire) == DONE {
                // SAFETY: done is the last state that a handler sets, and only this collector frees the slot.
                let sample = unsafe { &*slot.sample.get() };
                // A handler may have written late for an earlier profile.
                if sample.profile == self.profile {
                    take(sample);
                }
                slot.state.store(FREE, Ordering::Release);
            }
        }
    }

    pub(super) fn lost(&self) -> u64 {
        LOST.load(Ordering::Relaxed)
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        PROFILE.store(0, Ordering::Release);
    }
}

impl Sample {
    /// The copied part of the stack, from the stack pointer upwards.
    pub(super) fn stack(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Takes a sample of the calling thread, inside the handler of its timer's signal: it must not allocate, lock or panic.
///
/// The kernel copies the stack, and stops at its end. The mappings that a sweep over the threads uses would be too old.
pub(crate) fn sample(mark: u64, overrun: u32, context: &libc::ucontext_t) {
    let (profile, tid) = ((mark >> 32) as u32, mark as u32);
    // A timer's signal may arrive after the end of its profile.
    if profile == 0 || profile != PROFILE.load(Ordering::Acquire) {
        return;
    }
    let first = NEXT.fetch_add(1, Ordering::Relaxed) % SLOTS;
    let (before, from) = RING.split_at(first);
    for slot in from.iter().chain(before) {
        if slot.state.compare_exchange(FREE, WRITING, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            continue;
        }
        // SAFETY: the state is exclusive now, see `Slot`.
        let sample = unsafe { &mut *slot.sample.get() };
        sample.profile = profile;
        sample.tid = tid.cast_signed();
        sample.task = tasks::current::id_in_handler().map_or(0, Into::into);
        sample.weight = u64::from(overrun) + 1;
        sample.registers = signal::registers(context);
        let from = sample.registers.stack_pointer as usize;
        sample.length = memory::read(from, &mut sample.bytes[..own_stack(from)]);
        slot.state.store(DONE, Ordering::Release);
        return;
    }
    LOST.fetch_add(u64::from(overrun) + 1, Ordering::Relaxed);
}

/// How many bytes to copy: at most up to the C library's record of the thread, which is at the top of every stack that pthreads made. The
/// main thread's record is elsewhere.
fn own_stack(from: usize) -> usize {
    // SAFETY: the call reads the thread's own register.
    let own = unsafe { libc::pthread_self() } as usize;
    own.checked_sub(from).map_or(PIECE, |length| length.min(PIECE))
}
