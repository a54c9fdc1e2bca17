//! The signal that takes the stacks of running threads. Its handler copies the registers and a part of the stack into a slot, and does
//! nothing else. The timers of a profile send the same signal, and have slots of their own (`profile/ring.rs`).
//!
//! The signal is SIGURG if nothing else handles it: a SIGURG that is pending while a thread calls `execve` does no harm to the new program,
//! and debuggers let it pass. Otherwise it is the last free real-time signal.
//!
//! A slot belongs to a thread, and each request has a number. The handler may write only to a slot that asks for its own thread, and only
//! after it has exchanged "asked" for "writing". A late signal, whose request was given up, finds no such slot and does nothing. So the
//! signal carries no value, and needs no place in the queue of signals.

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};
use std::mem::{self, MaybeUninit};
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use std::{io, ptr};

use rustix::thread::futex;

use crate::base::kernel_ids;
use crate::procfs::maps::Writable;
use crate::views::threads::trial::{self, Call};
use crate::views::threads::{StackError, memory};

/// How many bytes of a stack are copied, from the innermost frame outwards.
pub(super) const PIECE: usize = 64 * 1024;

/// How many threads are asked at a time. Their slots are never freed, because a late signal may read its slot; pages that were never
/// written cost nothing.
pub(super) const SLOTS: usize = 8;

const FREE: u64 = 0;
const ASKED: u64 = 1;
const WRITING: u64 = 2;
const DONE: u64 = 3;

/// The state of a thread when the signal arrived.
#[repr(C)]
pub(super) struct Copied {
    pub(super) registers: Registers,
    /// How long the handler ran, in nanoseconds.
    pub(super) held: u64,
    /// How many bytes of the stack were copied; 0 if the stack pointer is in no known mapping.
    length: usize,
    bytes: [u8; PIECE],
}

/// The registers that an unwinder starts from. x86-64 has no link register.
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
    /// The thread that is asked, set before the state.
    thread: AtomicI32,
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
        thread: AtomicI32::new(0),
        mappings: AtomicPtr::new(ptr::null_mut()),
        copied: UnsafeCell::new(Copied { registers: Registers::NONE, held: 0, length: 0, bytes: [0; PIECE] }),
    }
}; SLOTS];

/// Counts answers; the collector waits for changes of it.
static ANSWERS: AtomicU32 = AtomicU32::new(0);

/// The signal of `Builder::stack_signal`; 0 picks a free one.
static CHOSEN: AtomicI32 = AtomicI32::new(0);

/// The lock of the one collector that may send requests.
pub(crate) static REQUESTS: Mutex<Requests> =
    Mutex::new(Requests { signal: None, number: 0, kept: [const { None }; SLOTS] });

/// Sets the author's signal. An installed handler stays.
pub(crate) fn choose(number: i32) {
    CHOSEN.store(number, Ordering::Relaxed);
}

/// The slots, from the collector's side.
pub(crate) struct Requests {
    signal: Option<c_int>,
    number: u64,
    kept: [Option<Arc<Mappings>>; SLOTS],
}

/// The result of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Asked,
    Writing,
    Done,
}

impl Requests {
    /// Installs the handler if needed, and gives the signal's number.
    ///
    /// # Errors
    /// No signal is free, the chosen one is invalid or in use, or another handler has replaced ours.
    pub(crate) fn prepare(&mut self) -> Result<c_int, StackError> {
        let chosen = CHOSEN.load(Ordering::Relaxed);
        if let Some(signal) = self.signal {
            if is_ours(signal) {
                return Ok(signal);
            }
            if signal == chosen {
                return Err(StackError::TakenOver(signal));
            }
            // The service now handles this signal itself, so ours moves to another.
            self.signal = None;
        }
        let range = libc::SIGRTMIN()..=libc::SIGRTMAX();
        let is_free = |signal: c_int| matches!(disposition(signal), Ok(libc::SIG_DFL));
        let signal = match chosen {
            // Services take real-time signals from the first one upwards.
            0 => match disposition(libc::SIGURG)? {
                libc::SIG_DFL | libc::SIG_IGN => libc::SIGURG,
                _ => range.rev().find(|signal| is_free(*signal)).ok_or(StackError::NoneFree)?,
            },
            chosen if !range.contains(&chosen) => {
                return Err(StackError::NotRealTime(chosen, *range.start(), *range.end()));
            }
            chosen if !is_free(chosen) => return Err(StackError::InUse(chosen)),
            chosen => chosen,
        };
        memory::prepare()?;
        install(signal)?;
        self.signal = Some(signal);
        Ok(signal)
    }

    /// Sends a request to a thread of this process. Gives the slot of its answer, or nothing if all slots are taken.
    ///
    /// # Errors
    /// The thread has ended, or the kernel lets no signal through.
    pub(super) fn ask(
        &mut self,
        signal: c_int,
        thread: i32,
        mappings: &Arc<Mappings>,
    ) -> io::Result<Option<usize>> {
        let free = |slot: &Slot| slot.state.load(Ordering::Acquire) & 3 == FREE;
        let Some(at) = TABLE.iter().position(free) else { return Ok(None) };
        trial::check(Call::Signal)?;
        self.number += 1;
        let slot = &TABLE[at];
        slot.thread.store(thread, Ordering::Relaxed);
        slot.mappings.store(Arc::as_ptr(mappings).cast_mut(), Ordering::Relaxed);
        self.kept[at] = Some(Arc::clone(mappings));
        slot.state.store(self.number << 2 | ASKED, Ordering::Release);
        if let Err(error) = send(signal, thread) {
            self.release(at);
            return Err(error);
        }
        Ok(Some(at))
    }

    /// Sends the signal of a request once more: the kernel keeps only one pending signal that is not real-time, and that one may have come
    /// from a profile.
    pub(super) fn ask_again(&self, signal: c_int, at: usize) {
        if signal < libc::SIGRTMIN() {
            // A thread that has ended did not answer the first signal either.
            let _ = send(signal, TABLE[at].thread.load(Ordering::Relaxed));
        }
    }

    /// The result of the request in this slot.
    pub(super) fn phase(&self, at: usize) -> Phase {
        match TABLE[at].state.load(Ordering::Acquire) & 3 {
            DONE => Phase::Done,
            WRITING => Phase::Writing,
            _ => Phase::Asked,
        }
    }

    /// The answer in a slot that is done.
    pub(super) fn answer(&self, at: usize) -> Option<&Copied> {
        // SAFETY: done is the last state that a handler sets, and only `ask`, which needs `&mut self`, opens the slot again.
        (self.phase(at) == Phase::Done).then(|| unsafe { &*TABLE[at].copied.get() })
    }

    /// Frees a slot that is done, or that no handler has begun to write. Gives false while a handler writes.
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

    /// The number of answers so far, for [`wait`](Self::wait).
    pub(super) fn answers(&self) -> u32 {
        ANSWERS.load(Ordering::Acquire)
    }

    /// Waits until there are more answers than `seen`, at most for `limit`.
    pub(super) fn wait(&self, seen: u32, limit: Duration) {
        if let Ok(limit) = limit.try_into() {
            // Whatever ends the wait, the caller looks at the slots.
            let _ = futex::wait(&ANSWERS, futex::Flags::PRIVATE, seen, Some(&limit));
        }
    }
}

impl Copied {
    /// The copied part of the stack, from the stack pointer upwards.
    pub(super) fn stack(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// The process's handler for this signal: an address, or `SIG_DFL`.
fn disposition(signal: c_int) -> io::Result<usize> {
    let mut now = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: a null action only queries, and the old action is written if the call returns 0.
    unsafe {
        if libc::sigaction(signal, ptr::null(), now.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(now.assume_init().sa_sigaction)
    }
}

/// Whether our handler is installed for it.
pub(crate) fn is_ours(signal: c_int) -> bool {
    disposition(signal).is_ok_and(|handler| handler == on_signal as *const () as usize)
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

fn send(signal: c_int, thread: i32) -> io::Result<()> {
    // SAFETY: the call takes three numbers.
    let sent = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, signal) };
    if sent == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The function for a timer's signal: the mark of its timer, the number of further expirations that the signal stands for, and the
/// registers.
pub(crate) type OnTimer = fn(u64, u32, &libc::ucontext_t);

/// The handler reads it without a lock.
static ON_TIMER: OnceLock<OnTimer> = OnceLock::new();

/// Sets the function that the handler calls for signals of timers. The first one stays. It may do only what a signal handler may.
pub(crate) fn on_timer(function: OnTimer) {
    let _ = ON_TIMER.set(function);
}

/// Runs on the interrupted thread. It must not allocate, lock, panic, or use a value with a destructor; nor a thread-local of our own,
/// which a library that was loaded with `dlopen` sets up at its first use.
extern "C" fn on_signal(_signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let begin = now();
    // SAFETY: the kernel gives a handler with SA_SIGINFO both pointers, valid while it runs.
    let (info, context) = unsafe { (&*info, &*context.cast::<libc::ucontext_t>()) };
    // SAFETY: errno is this thread's own.
    let errno = unsafe { *libc::__errno_location() };
    if info.si_code == libc::SI_TIMER {
        // SAFETY: a timer's signal has a value, and its overrun is stored where a queued signal has its sender (sigaction(2),
        // `si_overrun`).
        let (mark, overrun) = unsafe { (info.si_value().sival_ptr as u64, info.si_uid()) };
        if let Some(sample) = ON_TIMER.get() {
            sample(mark, overrun, context);
        }
    } else {
        answer(begin, context);
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

/// Writes the registers and the stack of this thread into the slot that asks for it, if there is one.
fn answer(begin: u64, context: &libc::ucontext_t) {
    let own = kernel_ids::thread_in_handler();
    for slot in &TABLE {
        let asked = slot.state.load(Ordering::Acquire);
        // If the slot asks for another thread by now, its number has changed, too.
        if asked & 3 != ASKED || slot.thread.load(Ordering::Relaxed) != own {
            continue;
        }
        let (writing, done) = (asked & !3 | WRITING, asked & !3 | DONE);
        if slot.state.compare_exchange(asked, writing, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            continue;
        }
        // SAFETY: the state is exclusive now, see `Slot`; the mappings live until it is free again.
        let (copied, mappings) =
            unsafe { (&mut *slot.copied.get(), &*slot.mappings.load(Ordering::Relaxed)) };
        copied.registers = registers(context);
        copied.length = copy_stack(copied.registers.stack_pointer as usize, mappings, &mut copied.bytes);
        copied.held = now().saturating_sub(begin);
        slot.state.store(done, Ordering::Release);
        ANSWERS.fetch_add(1, Ordering::Release);
        let _ = futex::wake(&ANSWERS, futex::Flags::PRIVATE, 1);
        return;
    }
}

fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one `timespec`; async-signal-safe by POSIX.
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

/// Copies the stack from `from` on, and gives the number of bytes. Memory past the end of a stack may be unmapped at any moment, even if
/// the kernel shows one mapping for both. So only these ends are trusted: that of the mapping of the main thread's stack, and the C
/// library's record of the thread, which is at the top of every stack that pthreads made. For other stacks (a coroutine, an alternate
/// signal stack) the kernel copies, and fails where this code would fault.
fn copy_stack(from: usize, mappings: &[Writable], to: &mut [u8; PIECE]) -> usize {
    let at = mappings.partition_point(|mapping| mapping.end <= from);
    let Some(mapping) = mappings.get(at).filter(|mapping| mapping.start <= from) else { return 0 };
    // SAFETY: the call reads the thread's own register.
    let own = unsafe { libc::pthread_self() } as usize;
    let trusted = match (mapping.main_stack, from < own && own <= mapping.end) {
        (true, _) => mapping.end,
        (false, true) => own,
        (false, false) => {
            let wanted = (mapping.end - from).min(PIECE);
            let by_kernel = memory::read(from, &mut to[..wanted]);
            if by_kernel > 0 {
                return by_kernel;
            }
            // The page of the stack pointer is mapped completely.
            (from | 4095).saturating_add(1).min(mapping.end)
        }
    };
    let length = (trusted - from).min(PIECE);
    // SAFETY: `from..from + length` is this thread's own stack, mapped as long as the thread is in this handler, and `to` is elsewhere and
    // at least as long. The bytes are copied without being interpreted.
    unsafe { ptr::copy_nonoverlapping(from as *const u8, to.as_mut_ptr(), length) };
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_signal_is_chosen() {
        let mut requests = REQUESTS.lock().unwrap();
        // Other tests may have taken stacks before, and may take more.
        let taken = requests.signal.take();
        // SAFETY: no other code needs these dispositions; those of the handlers are restored below.
        let set = |signal, to| unsafe { libc::signal(signal, to) };
        extern "C" fn of_the_service(_: c_int) {}
        let urgent = set(libc::SIGURG, libc::SIG_DFL);

        assert_eq!(requests.prepare().unwrap(), libc::SIGURG);
        assert_eq!(requests.prepare().unwrap(), libc::SIGURG);
        // The service installs a handler for urgent data, and keeps it.
        set(libc::SIGURG, of_the_service as *const () as usize);
        let last = requests.prepare().unwrap();
        assert_eq!(last, libc::SIGRTMAX());
        assert_eq!(disposition(libc::SIGURG).unwrap(), of_the_service as *const () as usize);

        requests.signal = None;
        choose(libc::SIGTERM);
        assert!(matches!(requests.prepare(), Err(StackError::NotRealTime(15, ..))));
        choose(last);
        assert!(matches!(requests.prepare(), Err(StackError::InUse(signal)) if signal == last));
        choose(last - 1);
        assert_eq!(requests.prepare().unwrap(), last - 1);
        set(last - 1, libc::SIG_IGN);
        assert!(matches!(requests.prepare(), Err(StackError::TakenOver(signal)) if signal == last - 1));

        choose(0);
        set(libc::SIGURG, urgent);
        requests.signal = taken;
    }
}
