//! The console's sockets in a forked child: the child closes its copies.
//!
//! After `fork` without `exec` the child has our descriptors and none of our threads (fork(2)). A copy of a listener would hold the port
//! for as long as the child lives, and new peers would wait for ever; a copy of a connection would keep it open after the console closed
//! it. So each open descriptor of the console has a slot, and a handler of `pthread_atfork` closes the descriptors of the slots in the
//! child. The handler may do only what is safe in a signal handler (pthread_atfork(3)): it reads atomics and calls `close`. Closing the
//! child's copy does not remove the socket from the parent's epoll, which refers to the open file (epoll(7)).
//!
//! Tokio's own descriptors stay open, an epoll and an eventfd for each runtime: no peer reaches them, but dropping or waking tokio's
//! objects in the child would write to their numbers. So a console's handle is leaked if it is dropped in another process.

use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Once, OnceLock};

/// Slots of a block. A console with its default limits needs one block.
const SLOTS: usize = 64;

/// Stands for no descriptor.
const NONE: RawFd = -1;

/// Slots, and more of them. Blocks are never freed, so that the handler can go through them at any time.
struct Block {
    slots: [AtomicI32; SLOTS],
    next: OnceLock<Box<Block>>,
}

static FIRST: Block = Block::empty();

/// Held while one of our descriptors is open, and dropped before it is closed: its number may be reused at once.
#[derive(Debug)]
pub(crate) struct Ours {
    slot: &'static AtomicI32,
    descriptor: RawFd,
}

impl Block {
    const fn empty() -> Self {
        Self { slots: [const { AtomicI32::new(NONE) }; SLOTS], next: OnceLock::new() }
    }
}

impl Ours {
    /// Registers a descriptor: a later forked child closes its copy.
    pub(crate) fn new(descriptor: &impl AsFd) -> Self {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(close_in_children);
        let descriptor = descriptor.as_fd().as_raw_fd();
        let mut block = &FIRST;
        loop {
            for slot in &block.slots {
                if slot.compare_exchange(NONE, descriptor, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                    return Self { slot, descriptor };
                }
            }
            block = block.next.get_or_init(|| Box::new(Block::empty()));
        }
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        // In a child the slot is empty, or was reused.
        let _ = self.slot.compare_exchange(self.descriptor, NONE, Ordering::AcqRel, Ordering::Relaxed);
    }
}

fn close_in_children() {
    // SAFETY: the handler does only what is safe in a signal handler, and lives as long as the process: if this is part of a library that
    // is unloaded, the C library removes the handler.
    let failed = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    if failed != 0 {
        // It fails only without memory: then a forked child keeps the descriptors that it inherits, and nothing can be done.
        tracing::warn!(target: "backdoor", "forked children inherit the console's sockets: pthread_atfork failed with error {failed}");
    }
}

/// Closes our descriptors.
extern "C" fn in_child() {
    let mut block = Some(&FIRST);
    while let Some(Block { slots, next }) = block {
        for slot in slots {
            let descriptor = slot.swap(NONE, Ordering::AcqRel);
            if descriptor != NONE {
                // SAFETY: the number was in its slot, so this is the copy of one of our descriptors. Nothing uses it in this process: the
                // threads that do exist only in the parent, and the handle is leaked.
                unsafe { libc::close(descriptor) };
            }
        }
        block = next.get().map(|next| &**next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::fs::File;

    fn is_listed(file: &File) -> bool {
        let mut block = Some(&FIRST);
        while let Some(Block { slots, next }) = block {
            if slots.iter().any(|slot| slot.load(Ordering::Acquire) == file.as_raw_fd()) {
                return true;
            }
            block = next.get().map(|next| &**next);
        }
        false
    }

    #[test]
    fn each_open_descriptor_has_a_slot() {
        let files: Vec<File> = (0..3 * SLOTS).map(|_| File::open("/dev/null").unwrap()).collect();
        let ours: Vec<Ours> = files.iter().map(Ours::new).collect();
        assert!(files.iter().all(is_listed));
        drop(ours);
        assert!(!files.iter().any(is_listed));
    }
}
