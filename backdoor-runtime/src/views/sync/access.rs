//! What all guards and all locks have in common.

/// A guard dereferences to the value and formats as the value does.
///
/// The value is the guard's `T`. If its lock holds another type, that type follows.
macro_rules! guard {
    ($guard:ty $(, of $lock:ident)?, |$this:ident| $value:expr) => {
        impl<$($lock: ?Sized,)? T: ?Sized> std::ops::Deref for $guard {
            type Target = T;

            fn deref(&self) -> &T {
                let $this = self;
                $value
            }
        }

        impl<$($lock: ?Sized,)? T: ?Sized + std::fmt::Debug> std::fmt::Debug for $guard {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<$($lock: ?Sized,)? T: ?Sized + std::fmt::Display> std::fmt::Display for $guard {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                (**self).fmt(f)
            }
        }
    };
    ($guard:ty $(, of $lock:ident)?, |$this:ident| $value:expr, |$exclusive:ident| $exclusive_value:expr) => {
        guard!($guard $(, of $lock)?, |$this| $value);

        impl<$($lock: ?Sized,)? T: ?Sized> std::ops::DerefMut for $guard {
            fn deref_mut(&mut self) -> &mut T {
                let $exclusive = self;
                $exclusive_value
            }
        }
    };
}

/// A lock is made from a value, and formats as the inner lock does.
macro_rules! lock {
    ($lock:ident) => {
        impl<T: Default> Default for $lock<T> {
            #[track_caller]
            fn default() -> Self {
                Self::new(T::default())
            }
        }

        impl<T> From<T> for $lock<T> {
            #[track_caller]
            fn from(value: T) -> Self {
                Self::new(value)
            }
        }

        impl<T: ?Sized + std::fmt::Debug> std::fmt::Debug for $lock<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.inner.fmt(f)
            }
        }
    };
}

pub(super) use {guard, lock};
