//! Peers that are told why they get no session, or lose it.

use std::time::Duration;

use tokio::io::Interest;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::console::{LINGER, Transport, linger};

/// How many peers at once are told why they get no session or lose it. Further peers of a flood are closed without a message.
const AT_ONCE: usize = 32;

/// The peers that are being told.
pub(super) struct Rejections(Semaphore);

impl Rejections {
    pub(super) fn new() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }

    /// Tells a peer why it has no session, unless too many other peers are being told.
    pub(super) async fn tell(&self, stream: &impl Transport, message: &str, linger: Duration) {
        if let Ok(_turn) = self.0.try_acquire() {
            tell(stream, message, linger).await;
        }
    }
}

/// Sends one message, and delays the close so that a peer that is still sending can read it.
pub(super) async fn tell(stream: &impl Transport, message: &str, time: Duration) {
    // A new socket has room for one line, but tokio knows that only after it was asked.
    if let Ok(Ok(_)) = timeout(LINGER, stream.ready(Interest::WRITABLE)).await {
        let _ = stream.try_write(message.as_bytes());
    }
    linger(stream, time).await;
}
