//! Bytes from the peer to the conversation.

use std::io::ErrorKind;
use std::mem::MaybeUninit;
use std::time::Instant;

use crate::console::conversation::Conversation;
use crate::console::transport::Transport;

/// The most that is read at once.
const READ: usize = 8 * 1024;

/// The most that is read from one session before other sessions get their turn.
const READ_IN_A_ROW: usize = 64 * 1024;

/// Reads available input, within the room and the fair share of this session. Returns whether that was all available input. The buffer is
/// on the stack, so that an idle session has none, and is not zeroed first.
pub(super) fn read(transport: &impl Transport, conversation: &mut Conversation) -> bool {
    let mut buffer = [MaybeUninit::uninit(); READ];
    let mut left = READ_IN_A_ROW;
    let now = Instant::now();
    while conversation.takes_input() && left > 0 {
        let read = match conversation.speaks_telnet() {
            true => transport.try_read(&mut buffer),
            false => transport.try_read_all(&mut buffer),
        };
        match read {
            Ok([]) => {
                conversation.end_of_input();
                return true;
            }
            Ok(bytes) => {
                conversation.receive(bytes, now);
                left = left.saturating_sub(bytes.len());
                if bytes.len() < READ {
                    return true;
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => {
                conversation.disconnect();
                return true;
            }
        }
    }
    false
}
