//! Runs the author's code so that a panic in it, also in a `Drop`, becomes a value on its thread.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

/// A panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panic {
    /// The message of the panic.
    pub(crate) message: String,
}

/// Runs code of the author.
pub(crate) fn catch_panic<T>(code: impl FnOnce() -> T) -> Result<T, Panic> {
    catch_unwind(AssertUnwindSafe(code)).map_err(panicked)
}

/// Polls a future of ours to its end, or to its panic, and returns the panic's message.
pub(crate) fn catch_panic_async<T, F: Future<Output = T>>(
    mut future: Pin<&mut F>,
) -> impl Future<Output = Result<T, String>> {
    std::future::poll_fn(move |context| match catch_panic(|| future.as_mut().poll(context)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panic) => Poll::Ready(Err(panic.message)),
    })
}

/// The message of a panic.
fn panicked(payload: Box<dyn Any + Send>) -> Panic {
    let message = match payload.downcast_ref::<&str>() {
        Some(text) => (*text).to_owned(),
        None => payload.downcast_ref::<String>().cloned().unwrap_or_else(|| "without a message".to_owned()),
    };
    // A payload's own Drop may panic again, with a payload that does so too: that one is given up.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
    Panic { message }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bomb(u32);

    impl Drop for Bomb {
        fn drop(&mut self) {
            if self.0 > 0 {
                std::panic::panic_any(Self(self.0 - 1));
            }
        }
    }

    #[test]
    fn a_payload_that_panics_in_its_drop_ends_there() {
        let panicked = catch_panic(|| std::panic::panic_any(Bomb(3)));
        assert_eq!(panicked, Err::<(), _>(Panic { message: "without a message".to_owned() }));
    }
}
