//! The signal that takes stacks: its handler copies the registers and a piece of the stack into a slot, and nothing else. The timers of
//! a profile send the same one, and have slots of their own (`profile/ring.rs`).
//!
//! A request has a number, and the slot's state has it too: the handler may write only where it can exchange "asked" of its own number
//! for "writing". A signal that comes late, when its request was given up, finds another number and leaves.

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};
use std::mem::{self, MaybeUninit};
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{io, ptr, slice};

use rustix::thread::futex;

use crate::profile::ring;
use crate::threads::StackError;
use crate::threads::maps::Writable;

/// How much of a stack is copied, from its innermost frame outwards.
pub(super) const PIECE: usize = 64 * 1024;

/// How many threads are asked at a time. Their slots are never freed, since a late signal may look at its slot; pages of them that
/// were never written cost nothing.
pub(super) const SLOTS: usize = 8;

const FREE: u64 = 0;
const ASKED: u64 = 1;
const WRITING: u64 = 2;
const DONE: u64 = 3;

/// What a thread was doing when the signal came.
#[repr(C)]
pub(super) struct Copied {
    pub(super) registers: Registers,
    /// How long the handler ran, in nanoseconds.
    pub(super) held: u64,
    /// Bytes of the stack that were copied; none where the stack pointer is in no known mapping.
    length: usize,
    bytes: [u8; PIECE],
}

/// What an unwinder starts from. On x86-64 there is no link register.
#[derive(Clone, Copy)]
pub(crate) struct Registers {
    pub(crate) program_counter: u64,
    pub(crate) stack_pointer: u64,
    pub(crate) frame_pointer: u64,
    #[cfg_attr(target_arch = "x86_64", allow(dead_code, reason = "only aarch64 has one"))]
    pub(crate) link: u64,
}

impl Registers {
    pub(crate) const NONE: Self = Self { program_counter: 0, stack_pointer: 0, frame_pointer: 0, link: 0 };
}

struct Slot {
    /// The number of the request and its phase, `number << 2 | phase`.
    state: AtomicU64,
    /// The writable mappings, set before the state. The collector keeps them alive until the slot is free again.
    mappings: AtomicPtr<Mappings>,
    copied: UnsafeCell<Copied>,
}

type Mappings = Vec<Writable>;

// SAFETY: `copied` is written by the one handler that moved the state from asked to writing, and read by the collector only once it
// has seen done; the state's release and acquire order the two.
unsafe impl Sync for Slot {}

static TABLE: [Slot; SLOTS] = [const {
    Slot {
        state: AtomicU64::new(FREE),
        mappings: AtomicPtr::new(ptr::null_mut()),
        copied: UnsafeCell::new(Copied { registers: Registers::NONE, held: 0, length: 0, bytes: [0; PIECE] }),
    }
}; SLOTS];

/// Counts answers; the collector waits on it.
static ANSWERS: AtomicU32 = AtomicU32::new(0);

/// The process whose requests count. A child after `fork` inherits the handler.
static PROCESS: AtomicI32 = AtomicI32::new(0);

/// What the author chose with `Builder::stack_signal`; 0 for the first that is free.
static CHOSEN: AtomicI32 = AtomicI32::new(0);

/// The one who may ask.
pub(crate) static REQUESTS: Mutex<Requests> =
    Mutex::new(Requests { signal: None, number: 0, kept: [const { None }; SLOTS] });

/// Lets the author choose the signal. What is installed stays.
pub(crate) fn choose(number: i32) {
    CHOSEN.store(number, Ordering::Relaxed);
}

/// The slots, seen from the side that asks.
pub(crate) struct Requests {
    signal: Option<c_int>,
    number: u64,
    kept: [Option<Arc<Mappings>>; SLOTS],
}

/// What has become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Asked,
    Writing,
    Done,
}

impl Requests {
    /// Installs the handler where that was not done, and gives the signal's number.
    ///
    /// # Errors
    /// No real-time signal is free, the chosen one is none or is in use, or somebody has taken ours over.
    pub(crate) fn prepare(&mut self) -> Result<c_int, StackError> {
        PROCESS.store(rustix::process::getpid().as_raw_nonzero().get(), Ordering::Relaxed);
        if let Some(signal) = self.signal {
            return match disposition(signal)? == on_signal as *const () as usize {
                true => Ok(signal),
                false => Err(StackError::TakenOver(signal)),
            };
        }
        let range = libc::SIGRTMIN()..=libc::SIGRTMAX();
        let signal = match CHOSEN.load(Ordering::Relaxed) {
            0 => {
                let free = |signal: &c_int| matches!(disposition(*signal), Ok(libc::SIG_DFL));
                range.into_iter().find(free).ok_or(StackError::NoneFree)?
            }
            chosen if !range.contains(&chosen) => {
                return Err(StackError::NotRealTime(chosen, *range.start(), *range.end()));
            }
            chosen if disposition(chosen)? != libc::SIG_DFL => return Err(StackError::InUse(chosen)),
            chosen => chosen,
        };
        install(signal)?;
        self.signal = Some(signal);
        Ok(signal)
    }

    /// Sends a request to a thread of this process. Gives the slot that its answer will be in, or nothing where all are taken.
    ///
    /// # Errors
    /// The thread has ended, or too many signals are queued.
    pub(super) fn ask(
        &mut self,
        signal: c_int,
        thread: i32,
        mappings: &Arc<Mappings>,
    ) -> io::Result<Option<usize>> {
        let free = |slot: &Slot| slot.state.load(Ordering::Acquire) & 3 == FREE;
        let Some(at) = TABLE.iter().position(free) else { return Ok(None) };
        self.number += 1;
        // The slot is the rest of the division, so that the handler finds it from the number alone.
        self.number += (at as u64 + SLOTS as u64 - self.number % SLOTS as u64) % SLOTS as u64;
        let (slot, number) = (&TABLE[at], self.number);
        slot.mappings.store(Arc::as_ptr(mappings).cast_mut(), Ordering::Relaxed);
        self.kept[at] = Some(Arc::clone(mappings));
        slot.state.store(number << 2 | ASKED, Ordering::Release);
        if let Err(error) = queue(signal, thread, number) {
            self.release(at);
            return Err(error);
        }
        Ok(Some(at))
    }

    /// What has become of the request in this slot.
    pub(super) fn phase(&self, at: usize) -> Phase {
        match TABLE[at].state.load(Ordering::Acquire) & 3 {
            DONE => Phase::Done,
            WRITING => Phase::Writing,
            _ => Phase::Asked,
        }
    }

    /// The answer in a slot that is done.
    pub(super) fn answer(&self, at: usize) -> Option<&Copied> {
        // SAFETY: done is the last that a handler does to a slot, and only `ask`, which needs `&mut self`, opens it again.
        (self.phase(at) == Phase::Done).then(|| unsafe { &*TABLE[at].copied.get() })
    }

    /// Frees a slot that is done, or that nobody has begun to write. Gives false where a handler is writing.
    pub(super) fn release(&mut self, at: usize) -> bool {
        let state = &TABLE[at].state;
        let now = state.load(Ordering::Acquire);
        let mine = now & 3 != WRITING
            && state.compare_exchange(now, FREE, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if mine {
            self.kept[at] = None;
        }
        mine
    }

    /// How many answers there were, for [`wait`](Self::wait).
    pub(super) fn answers(&self) -> u32 {
        ANSWERS.load(Ordering::Acquire)
    }

    /// Waits until there are more than `seen`, or for so long.
    pub(super) fn wait(&self, seen: u32, limit: Duration) {
        if let Ok(limit) = limit.try_into() {
            // Whatever ends it, the caller looks at the slots.
            let _ = futex::wait(&ANSWERS, futex::Flags::PRIVATE, seen, Some(&limit));
        }
    }
}

impl Copied {
    /// The piece of the stack that was copied, from the stack pointer on.
    pub(super) fn stack(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// What the process does on this signal: the address of a handler, or `SIG_DFL`.
fn disposition(signal: c_int) -> io::Result<usize> {
    let mut now = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: a null action only asks, and the old one is written where it returns 0.
    unsafe {
        if libc::sigaction(signal, ptr::null(), now.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(now.assume_init().sa_sigaction)
    }
}

fn install(signal: c_int) -> io::Result<()> {
    // SAFETY: all zeros are a valid `sigaction`; its mask is the empty set; the handler has the signature that SA_SIGINFO asks for and
    // calls only what signal-safety(7) allows.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = on_signal as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
        match libc::sigaction(signal, &action, ptr::null_mut()) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// The kernel's `siginfo_t` of a queued signal (sigqueue(3)), which libc cannot build.
#[repr(C)]
struct QueuedInfo {
    signal: c_int,
    errno: c_int,
    code: c_int,
    _pad: c_int,
    process: libc::pid_t,
    user: libc::uid_t,
    value: u64,
    _rest: [u8; 96],
}

const _: () = assert!(size_of::<QueuedInfo>() == size_of::<libc::siginfo_t>());

fn queue(signal: c_int, thread: i32, number: u64) -> io::Result<()> {
    let process = PROCESS.load(Ordering::Relaxed);
    let info = QueuedInfo {
        signal,
        errno: 0,
        code: libc::SI_QUEUE,
        _pad: 0,
        process,
        user: rustix::process::getuid().as_raw(),
        value: number,
        _rest: [0; 96],
    };
    // SAFETY: the kernel reads one `siginfo_t`, and `info` is as large and laid out as one.
    let sent =
        unsafe { libc::syscall(libc::SYS_rt_tgsigqueueinfo, process, thread, signal, &raw const info) };
    if sent == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Runs on the thread that is looked at. It must not allocate, lock, panic, or use what has a destructor.
extern "C" fn on_signal(_signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let begin = now();
    // SAFETY: the kernel gives a handler with SA_SIGINFO both pointers, valid while it runs.
    let (info, context) = unsafe { (&*info, &*context.cast::<libc::ucontext_t>()) };
    // SAFETY: every signal's `siginfo_t` may be read as a queued one's; whether it is ours is then seen.
    let (number, process) = unsafe { (info.si_value().sival_ptr as u64, info.si_pid()) };
    if info.si_code == libc::SI_TIMER {
        // SAFETY: a timer's overrun lies where a queued signal has its sender (sigaction(2), `si_overrun`).
        let overrun = unsafe { info.si_uid() };
        // SAFETY: errno is this thread's own.
        let errno = unsafe { *libc::__errno_location() };
        ring::sample(number, overrun, context);
        // SAFETY: as above.
        unsafe { *libc::__errno_location() = errno };
        return;
    }
    if info.si_code != libc::SI_QUEUE || process != PROCESS.load(Ordering::Relaxed) {
        return;
    }
    let Some(slot) = TABLE.get(number as usize % SLOTS) else { return };
    let asked = number << 2 | ASKED;
    let writing = number << 2 | WRITING;
    if slot.state.compare_exchange(asked, writing, Ordering::AcqRel, Ordering::Relaxed).is_err() {
        return;
    }
    // SAFETY: errno is this thread's own.
    let errno = unsafe { *libc::__errno_location() };
    // SAFETY: the state is ours alone now, see `Slot`; the mappings live until it is free again.
    let (copied, mappings) = unsafe { (&mut *slot.copied.get(), &*slot.mappings.load(Ordering::Relaxed)) };
    copied.registers = registers(context);
    copied.length = copy_stack(copied.registers.stack_pointer as usize, mappings, &mut copied.bytes);
    copied.held = now().saturating_sub(begin);
    slot.state.store(number << 2 | DONE, Ordering::Release);
    ANSWERS.fetch_add(1, Ordering::Release);
    // A system call without libc in between (rustix's linux_raw).
    let _ = futex::wake(&ANSWERS, futex::Flags::PRIVATE, 1);
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes one `timespec`; async-signal-safe by POSIX.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

#[cfg(target_arch = "x86_64")]
pub(crate) fn registers(context: &libc::ucontext_t) -> Registers {
    let register =
        |number: c_int| context.uc_mcontext.gregs.get(number as usize).map_or(0, |value| *value as u64);
    Registers {
        program_counter: register(libc::REG_RIP),
        stack_pointer: register(libc::REG_RSP),
        frame_pointer: register(libc::REG_RBP),
        link: 0,
    }
}

#[cfg(target_arch = "aarch64")]
pub(crate) fn registers(context: &libc::ucontext_t) -> Registers {
    let machine = &context.uc_mcontext;
    Registers {
        program_counter: machine.pc,
        stack_pointer: machine.sp,
        frame_pointer: machine.regs[29],
        link: machine.regs[30],
    }
}

/// Copies the stack from `from` on, and gives how many bytes. What lies behind the end of a stack may be unmapped at any moment, even
/// where the kernel shows one mapping with it, so only these ends are trusted: the mapping's of the main thread's stack, and the C
/// library's record of the thread, which is at the top of every stack that pthreads made. Elsewhere (a coroutine, an alternate
/// signal stack) the kernel copies, which fails where we would fault.
fn copy_stack(from: usize, mappings: &[Writable], to: &mut [u8; PIECE]) -> usize {
    let at = mappings.partition_point(|mapping| mapping.end <= from);
    let Some(mapping) = mappings.get(at).filter(|mapping| mapping.start <= from) else { return 0 };
    // SAFETY: it reads the thread's own register.
    let own = unsafe { libc::pthread_self() } as usize;
    let trusted = match (mapping.main_stack, from < own && own <= mapping.end) {
        (true, _) => mapping.end,
        (false, true) => own,
        (false, false) => {
            let wanted = (mapping.end - from).min(PIECE);
            let by_kernel = copy_by_kernel(from, to, wanted);
            if by_kernel > 0 {
                return by_kernel;
            }
            // Of the page that the stack pointer is in, all is there.
            (from | 4095).saturating_add(1).min(mapping.end)
        }
    };
    let length = (trusted - from).min(PIECE);
    // SAFETY: `from..from + length` is this thread's own stack, mapped as long as the thread is in this handler, and `to` is elsewhere
    // and at least as long. It is copied as bytes, whatever they mean.
    unsafe { ptr::copy_nonoverlapping(from as *const u8, to.as_mut_ptr(), length) };
    length
}

/// The same through the kernel, which stops where nothing is mapped. Gives 0 where it may not be asked.
pub(crate) fn copy_by_kernel(from: usize, to: &mut [u8], length: usize) -> usize {
    let length = length.min(to.len());
    let local = libc::iovec { iov_base: to.as_mut_ptr().cast(), iov_len: length };
    let remote = libc::iovec { iov_base: from as *mut c_void, iov_len: length };
    // SAFETY: the kernel writes at most `length` bytes to `to`, which has as many, and stops where the source is not mapped.
    let copied = unsafe {
        libc::process_vm_readv(
            PROCESS.load(Ordering::Relaxed),
            slice::from_ref(&local).as_ptr(),
            1,
            slice::from_ref(&remote).as_ptr(),
            1,
            0,
        )
    };
    usize::try_from(copied).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_signal_is_taken() {
        let mut requests = REQUESTS.lock().unwrap();
        // Other tests may have taken stacks before, and go on to.
        let taken = requests.signal.take();
        let first = libc::SIGRTMIN();
        choose(libc::SIGTERM);
        assert!(matches!(requests.prepare(), Err(StackError::NotRealTime(15, ..))));
        install(first).unwrap();
        choose(first);
        assert!(matches!(requests.prepare(), Err(StackError::InUse(signal)) if signal == first));
        choose(0);
        let free = requests.prepare().unwrap();
        assert_eq!(free, first + 1);
        assert_eq!(requests.prepare().unwrap(), free);
        // SAFETY: nobody needs the handler, which is that of this test alone.
        unsafe { libc::signal(free, libc::SIG_IGN) };
        assert!(matches!(requests.prepare(), Err(StackError::TakenOver(signal)) if signal == free));
        requests.signal = taken;
    }
}
