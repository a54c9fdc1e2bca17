//! `Tracked<T>`: an `Arc` whose value an operator can read.

use std::any::{Any, type_name};
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::panic::Location;
use std::sync::{Arc, Weak};

use super::generic_kinds::kind_of;
use super::instance::Instance;
use super::kind::{Held, Kind};

/// An [`Arc`] whose value is counted, and that the command `fo` shows with its `Debug`.
///
/// ```
/// use backdoor_runtime::{Backdoor, Tracked, objects};
///
/// #[derive(Debug)]
/// struct Session { user: &'static str }
///
/// let ada = Tracked::new(Session { user: "ada" }).label("admin");
/// let again = ada.clone();
/// assert_eq!(ada.user, "ada");
///
/// let found: Vec<Tracked<Session>> = objects::find::<Session>().collect();
/// assert!(Tracked::ptr_eq(&found[0], &again));
///
/// let answer = Backdoor::testing().run("fo Session --where ada");
/// assert_eq!(answer.value[0]["text"], r#"Session { user: "ada" }"#);
/// assert_eq!(answer.value[0]["label"], "admin");
/// ```
///
/// It is as large as an `Arc`, and the object 56 bytes larger, 32 of them outside of the allocation. Creating and dropping it costs three
/// or four calls of `Instant::now()` more; `cargo xtask bench objects` measures that. The console holds a weak reference only, so there is
/// no counterpart of [`Arc::get_mut`]; while `fo` reads the object, it holds a strong one. The holder of the last reference drops the
/// value: if that is `fo`, its thread `backdoor-object` does it.
pub struct Tracked<T: Send + Sync + 'static>(Arc<Inner<T>>);

/// A [`Tracked`] that does not keep its value alive, made by [`Tracked::downgrade`].
pub struct WeakTracked<T: Send + Sync + 'static>(Weak<Inner<T>>);

/// Writes the value in the form that its author wants shown.
type Show<T> = fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result;

struct Inner<T> {
    value: T,
    show: Option<Show<T>>,
    // Dropped after the value, so that an object counts until its own `Drop` has returned.
    held: Held,
}

impl<T: Send + Sync + 'static> Instance for Inner<T> {
    fn show(&self, into: &mut dyn fmt::Write) -> Option<fmt::Result> {
        let show = self.show?;
        Some(into.write_fmt(format_args!("{:?}", Shown(&self.value, show))))
    }
}

struct Shown<'a, T>(&'a T, Show<T>);

impl<T> fmt::Debug for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.1(self.0, f)
    }
}

impl<T: Send + Sync + 'static> Tracked<T> {
    /// Counts the value from now on. Its place is the caller's line.
    #[track_caller]
    #[inline]
    pub fn new(value: T) -> Self
    where
        T: fmt::Debug,
    {
        Self::made(value, Some(<T as fmt::Debug>::fmt), Location::caller())
    }

    /// The same for a value without `Debug`, or with a secret one: `fo` shows its age, its place and its label.
    #[track_caller]
    #[inline]
    pub fn opaque(value: T) -> Self {
        Self::made(value, None, Location::caller())
    }

    #[inline]
    fn made(value: T, show: Option<Show<T>>, location: &'static Location<'static>) -> Self {
        let kind = Self::kind();
        Self(Arc::new_cyclic(|itself: &Weak<Inner<T>>| {
            // No reader can take it before it is complete: upgrading fails until then.
            let held = kind.hold(type_name::<T>, location, Some(itself.clone()));
            Inner { value, show, held }
        }))
    }

    pub(super) fn kind() -> &'static Kind {
        kind_of::<Self>()
    }

    pub(super) fn from_instance(instance: Arc<dyn Instance>) -> Option<Self> {
        let instance: Arc<dyn Any + Send + Sync> = instance;
        instance.downcast().ok().map(Self)
    }

    /// Replaces its label; the first 128 bytes are kept.
    #[must_use]
    pub fn label(self, label: impl AsRef<str>) -> Self {
        self.0.held.set_label(label.as_ref());
        self
    }

    /// A reference that does not keep the value alive.
    pub fn downgrade(this: &Self) -> WeakTracked<T> {
        WeakTracked(Arc::downgrade(&this.0))
    }

    /// The number of owners of the value.
    pub fn strong_count(this: &Self) -> usize {
        Arc::strong_count(&this.0)
    }

    /// Whether both share one value.
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        Arc::ptr_eq(&this.0, &other.0)
    }

    /// The value, if there is no other owner.
    pub fn into_inner(this: Self) -> Option<T> {
        Arc::into_inner(this.0).map(|inner| inner.value)
    }
}

impl<T: Send + Sync + 'static> WeakTracked<T> {
    /// The object, if its value has not been dropped.
    pub fn upgrade(&self) -> Option<Tracked<T>> {
        self.0.upgrade().map(Tracked)
    }
}

impl<T: Send + Sync + 'static> Deref for Tracked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: Send + Sync + 'static> AsRef<T> for Tracked<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: Send + Sync + 'static> Borrow<T> for Tracked<T> {
    fn borrow(&self) -> &T {
        self
    }
}

/// Another reference to the same value, not another object.
impl<T: Send + Sync + 'static> Clone for Tracked<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Send + Sync + 'static> Clone for WeakTracked<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: fmt::Debug + Send + Sync + 'static> fmt::Debug for Tracked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: Send + Sync + 'static> fmt::Debug for WeakTracked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(Weak)")
    }
}

impl<T: fmt::Display + Send + Sync + 'static> fmt::Display for Tracked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl<T: PartialEq + Send + Sync + 'static> PartialEq for Tracked<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq + Send + Sync + 'static> Eq for Tracked<T> {}

impl<T: PartialOrd + Send + Sync + 'static> PartialOrd for Tracked<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: Ord + Send + Sync + 'static> Ord for Tracked<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: Hash + Send + Sync + 'static> Hash for Tracked<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}
