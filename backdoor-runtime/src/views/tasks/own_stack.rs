//! The calling thread's stack as addresses, by the unwinder of std's panics. Nothing here allocates or resolves names.

#[cfg(not(miri))]
use std::ffi::{c_int, c_void};

/// The unwinder's state for a frame.
#[cfg(not(miri))]
#[repr(C)]
struct Context {
    _opaque: [u8; 0],
}

// SAFETY: the declarations follow the Itanium C++ ABI, level I ("Exception Handling", 1.2 and 1.6), as in libgcc_s and LLVM's libunwind;
// std links one of them into every program.
#[cfg(not(miri))]
unsafe extern "C" {
    fn _Unwind_Backtrace(
        each: extern "C" fn(*mut Context, *mut c_void) -> c_int,
        argument: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIP(context: *mut Context) -> usize;
    fn _Unwind_GetCFA(context: *mut Context) -> usize;
}

/// Calls `each` with every return address and the end of its frame, innermost first, until `each` returns false.
#[cfg(not(miri))]
#[inline(never)]
pub(super) fn walk(mut each: impl FnMut(usize, usize) -> bool) {
    extern "C" fn visit<F: FnMut(usize, usize) -> bool>(context: *mut Context, each: *mut c_void) -> c_int {
        const GO_ON: c_int = 0;
        const FAILURE: c_int = 9;
        // SAFETY: the unwinder passes the pointer that it was given below, and `each` is borrowed during the whole walk; the context is
        // valid during this call.
        let (each, address, end) =
            unsafe { (&mut *each.cast::<F>(), _Unwind_GetIP(context), _Unwind_GetCFA(context)) };
        if each(address, end) { GO_ON } else { FAILURE }
    }
    fn visitor<F: FnMut(usize, usize) -> bool>(_: &F) -> extern "C" fn(*mut Context, *mut c_void) -> c_int {
        visit::<F>
    }
    let visit = visitor(&each);
    // SAFETY: the function and its argument belong together, and the function does not panic: it calls the probe, which only stores
    // numbers.
    unsafe { _Unwind_Backtrace(visit, (&raw mut each).cast()) };
}

/// Miri has no unwinder.
#[cfg(miri)]
pub(super) fn walk(_: impl FnMut(usize, usize) -> bool) {}
