//! Bytes from the conversation to the peer.

use std::io::ErrorKind;
use std::mem;

use crate::console::conversation::Conversation;
use crate::console::transport::Transport;

/// The most that is written to one session before other sessions get their turn.
const WRITTEN_IN_A_ROW: usize = 64 * 1024;

/// The largest buffer that an idle session keeps, for short answers.
const KEPT: usize = 64;

/// The output that was written to the peer.
#[derive(Default)]
pub(super) struct Outgoing {
    /// Bytes since other sessions had their turn.
    in_a_row: usize,
    /// Whether the kernel's buffer of unread output has a limit.
    is_bounded: bool,
}

impl Outgoing {
    /// Writes as much as fits, and returns how much.
    pub(super) fn write(&mut self, transport: &impl Transport, conversation: &mut Conversation) -> usize {
        let written = write(transport, conversation);
        self.in_a_row += written;
        written
    }

    /// Whether other sessions get their turn now. A peer that gets this much output also gets a limit of the kernel's buffer.
    pub(super) fn has_had_its_share(&mut self, transport: &impl Transport) -> bool {
        if self.in_a_row < WRITTEN_IN_A_ROW {
            return false;
        }
        self.in_a_row = 0;
        if !mem::replace(&mut self.is_bounded, true) {
            transport.bound_send_buffer();
        }
        true
    }
}

fn write(transport: &impl Transport, conversation: &mut Conversation) -> usize {
    let mut progress = 0;
    while !conversation.output().is_empty() {
        match transport.try_write(conversation.output()) {
            Ok(count) => {
                progress += count;
                conversation.output().drain(..count);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return progress,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => {
                conversation.disconnect();
                return progress;
            }
        }
    }
    if conversation.output().capacity() > KEPT {
        *conversation.output() = Vec::new();
    }
    progress
}
