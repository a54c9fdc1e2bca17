//! `TrackGuard`: a field that counts the objects that contain it.

use std::any::type_name;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::panic::Location;

use super::kind::{Held, Kind};

/// A type whose objects are counted by the [`TrackGuard`] among their fields. Derive it.
///
/// ```
/// use backdoor_runtime::{Track, TrackGuard, objects};
///
/// #[derive(Track)]
/// struct Connection {
///     peer: String,
///     track: TrackGuard<Self>,
/// }
///
/// let open = Connection { peer: "10.0.0.7".to_owned(), track: TrackGuard::new() };
/// let counted = objects::list().into_iter().find(|counted| counted.name == "Connection").unwrap();
/// assert_eq!((counted.live, counted.peak), (1, 1));
/// assert_eq!(open.peer, "10.0.0.7");
/// ```
///
/// The guard is the field called `track`, or the one marked `#[track(guard)]`: in a tuple there are no names. The struct may be generic;
/// with type parameters it has to be `'static`. For an enum, put one into a struct, or into a [`Tracked`](super::Tracked). On the struct,
/// `#[track(crate = path)]` says where the runtime crate is found.
#[diagnostic::on_unimplemented(
    message = "the objects of `{Self}` are not counted",
    label = "has no `Track`",
    note = "write `#[derive(Track)]` on `{Self}`, with a field `track: TrackGuard<Self>`"
)]
pub trait Track: Sized {
    /// The counter of the type.
    #[doc(hidden)]
    fn kind() -> &'static Kind;

    /// The guard of the object.
    fn track_guard(&self) -> &TrackGuard<Self>;
}

/// Counts the object that contains it, from the guard's creation to its drop: see [`Track`].
///
/// It takes 16 bytes in the object and 32 elsewhere. Creating and dropping it costs as much as two or three calls of `Instant::now()`;
/// `cargo xtask bench objects` measures that. Guards are equal to each other, add nothing to a hash, and clone into another guard, so that
/// derived traits of the struct keep their meaning. A forgotten object (`mem::forget`) counts as live.
pub struct TrackGuard<T> {
    held: Held,
    of: PhantomData<fn() -> T>,
}

impl<T> TrackGuard<T> {
    /// Counts an object, with the line of the caller as its place.
    #[track_caller]
    #[inline]
    pub fn new() -> Self
    where
        T: Track,
    {
        Self::of_kind(T::kind(), Location::caller())
    }

    /// The same with a label: see [`set_label`](Self::set_label).
    #[must_use]
    pub fn label(self, label: impl AsRef<str>) -> Self {
        self.set_label(label);
        self
    }

    /// Replaces the label of the object; the first 128 bytes are kept.
    pub fn set_label(&self, label: impl AsRef<str>) {
        self.held.set_label(label.as_ref());
    }

    #[inline]
    fn of_kind(kind: &'static Kind, location: &'static Location<'static>) -> Self {
        Self { held: kind.hold(type_name::<T>, location, None), of: PhantomData }
    }
}

impl<T: Track> Default for TrackGuard<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

/// Counts another object, without the label. Its place is the line that clones the guard: the line of the `derive` if that does it.
impl<T> Clone for TrackGuard<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        Self::of_kind(self.held.kind(), Location::caller())
    }
}

impl<T> PartialEq for TrackGuard<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for TrackGuard<T> {}

impl<T> PartialOrd for TrackGuard<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for TrackGuard<T> {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl<T> Hash for TrackGuard<T> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl<T> fmt::Debug for TrackGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrackGuard")
    }
}

/// A field beside the guard; generated code checks that it is not a second guard.
pub struct OtherField<T: ?Sized>(PhantomData<fn() -> Box<T>>);

/// A field that counts nothing.
pub struct NoGuard;

/// A field that counts the object a second time.
pub struct SecondGuard;

/// Types that are allowed beside a guard.
#[diagnostic::on_unimplemented(
    message = "an object counts once, and this field is a second guard of it",
    label = "a guard beside the guard",
    note = "leave one of them out"
)]
pub trait BesideGuard {}

impl BesideGuard for NoGuard {}

impl<T: ?Sized> OtherField<T> {
    /// A value for a field of this type.
    pub const FIELD: Self = Self(PhantomData);
}

impl<T> OtherField<TrackGuard<T>> {
    /// The compiler prefers this method to the trait's.
    pub fn is(&self) -> SecondGuard {
        SecondGuard
    }
}

/// All fields that are no guard.
pub trait AnyField {
    /// The kind of the field.
    fn is(&self) -> NoGuard {
        NoGuard
    }
}

impl<T: ?Sized> AnyField for OtherField<T> {}

/// Requires a type that is allowed beside a guard.
pub fn beside_guard(_: impl BesideGuard) {}
