//! Guards that keep their lock alive.

use std::sync::Arc;

/// A value of type `D` that borrows from the value that `owner` owns, and its owner.
pub(super) struct Owned<O: ?Sized, D> {
    // Fields are dropped in this order.
    dependent: D,
    owner: Arc<O>,
}

impl<O: ?Sized + 'static, D> Owned<O, D> {
    /// Makes the dependent value, or gives up.
    pub(super) fn try_new<E>(
        owner: Arc<O>,
        make: impl FnOnce(&'static O) -> Result<D, E>,
    ) -> Result<Self, E> {
        let dependent = make(forever(&owner))?;
        Ok(Self { dependent, owner })
    }

    /// Waits for the dependent value. If the wait is dropped, its future is dropped before the owner.
    pub(super) async fn new<F: Future<Output = D>>(
        owner: Arc<O>,
        make: impl FnOnce(&'static O) -> F,
    ) -> Self {
        // This local is declared first, so it is dropped last.
        let owner = owner;
        let dependent = make(forever(&owner)).await;
        Self { dependent, owner }
    }

    /// Makes another value from the dependent value.
    pub(super) fn map<E>(self, make: impl FnOnce(D) -> E) -> Owned<O, E> {
        // This local is dropped after the new value.
        let Self { dependent, owner } = self;
        Owned { dependent: make(dependent), owner }
    }

    /// The same for a function that may return its argument.
    pub(super) fn try_map<E>(self, make: impl FnOnce(D) -> Result<E, D>) -> Result<Owned<O, E>, Self> {
        let Self { dependent, owner } = self;
        match make(dependent) {
            Ok(dependent) => Ok(Owned { dependent, owner }),
            Err(dependent) => Err(Self { dependent, owner }),
        }
    }

    pub(super) fn owner(&self) -> &Arc<O> {
        &self.owner
    }

    pub(super) fn dependent(&self) -> &D {
        &self.dependent
    }

    pub(super) fn dependent_mut(&mut self) -> &mut D {
        &mut self.dependent
    }
}

/// A reference to the value that the owner owns. It is valid as long as a clone of the owner is dropped after everything made from this
/// reference.
#[allow(unsafe_code, reason = "no safe type holds an owner and a guard that borrows from it")]
fn forever<O: ?Sized>(owner: &Arc<O>) -> &'static O {
    // SAFETY: the value in an `Arc` does not move, and is only shared, as long as one `Arc` of it lives. Both callers keep theirs until the
    // value made from this reference is dropped, and neither that value nor this reference leaves them, except with a lifetime of `self`.
    unsafe { &*Arc::as_ptr(owner) }
}

/// Also run under Miri, by `cargo xtask sanitize`.
#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};

    use crate::views::sync::{Semaphore, asynch};

    fn now<F: Future>(future: F) -> F::Output {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("it has to wait"),
        }
    }

    #[test]
    fn an_owned_guard_keeps_its_lock_alive() {
        let (mutex, rwlock) = (Arc::new(asynch::Mutex::new(1)), Arc::new(asynch::RwLock::new(2)));
        let semaphore = Arc::new(Semaphore::new(1));
        let mut guard = now(mutex.clone().lock_owned());
        let reader = now(rwlock.clone().read_owned());
        let permit = now(semaphore.clone().acquire_owned()).unwrap();
        drop((mutex, rwlock, semaphore));
        *guard += *reader;
        assert_eq!((*guard, permit.num_permits()), (3, 1));
    }
}
