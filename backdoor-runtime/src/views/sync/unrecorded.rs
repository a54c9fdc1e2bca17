//! The locks without the view that shows them: nothing is recorded, and each is the lock inside it.
//!
//! It replaces the files of the same names.

pub(super) mod record {
    use std::marker::PhantomData;
    use std::ops::Deref;

    use super::super::place::Place;
    use super::who::Owner;

    #[derive(Clone, Copy)]
    pub(in crate::views::sync) enum Kind {
        Mutex,
        RwLock,
        #[cfg(feature = "tokio")]
        AsyncMutex,
        #[cfg(feature = "tokio")]
        AsyncRwLock,
    }

    #[derive(Clone, Copy)]
    pub(in crate::views::sync) enum Wanted {
        Alone,
        Read,
        #[cfg(feature = "tokio")]
        Permits(#[allow(dead_code, reason = "nobody lists it")] u32),
    }

    pub(in crate::views::sync) struct Record;

    #[cfg(feature = "tokio")]
    #[derive(Clone)]
    pub(in crate::views::sync) struct RecordRef;

    pub(in crate::views::sync) struct Hold<R> {
        record: R,
    }

    pub(in crate::views::sync) struct Wait<'a>(PhantomData<&'a Record>);

    #[cfg(feature = "tokio")]
    impl Deref for RecordRef {
        type Target = Record;

        fn deref(&self) -> &Record {
            &Record
        }
    }

    impl Record {
        #[inline]
        pub(in crate::views::sync) fn hold_alone<R: Deref<Target = Self>>(
            this: R,
            _who: Owner,
            _place: Place,
        ) -> Hold<R> {
            Hold { record: this }
        }

        #[inline]
        pub(in crate::views::sync) fn hold_shared<R: Deref<Target = Self>>(
            this: R,
            _who: Owner,
            _place: Place,
            _permits: u32,
        ) -> Hold<R> {
            Hold { record: this }
        }

        #[inline]
        pub(in crate::views::sync) fn wait(&self, _who: Owner, _wanted: Wanted, _place: Place) -> Wait<'_> {
            Wait(PhantomData)
        }

        #[inline]
        pub(in crate::views::sync) fn set_poisoned(&self, _poisoned: bool) {}
    }

    #[cfg(feature = "tokio")]
    impl Record {
        #[inline]
        pub(in crate::views::sync) fn add_permits(&self, _permits: usize) {}

        #[inline]
        pub(in crate::views::sync) fn remove_permits(&self, _permits: usize) {}
    }

    impl<R: Deref<Target = Record>> Hold<R> {
        #[inline]
        pub(in crate::views::sync) fn record(&self) -> &R {
            &self.record
        }
    }

    #[cfg(feature = "tokio")]
    impl<R: Deref<Target = Record> + Clone> Hold<R> {
        #[inline]
        pub(in crate::views::sync) fn amend(&self, _permits: u32) {}

        #[inline]
        pub(in crate::views::sync) fn is_listed(&self) -> bool {
            true
        }

        #[inline]
        pub(in crate::views::sync) fn split(&self, _left: u32, _apart: u32, _place: Place) -> Self {
            Self { record: self.record.clone() }
        }
    }
}

pub(super) mod watch {
    use super::super::place::Place;
    use super::record::{Kind, Record};

    pub(in crate::views::sync) struct Watch;

    impl Watch {
        pub(in crate::views::sync) const fn new(_: Kind, _: Option<&'static str>, _: Place) -> Self {
            Self
        }

        #[cfg(feature = "tokio")]
        pub(in crate::views::sync) const fn semaphore(_: Option<&'static str>, _: Place, _: usize) -> Self {
            Self
        }

        #[cfg(feature = "tokio")]
        #[inline]
        pub(in crate::views::sync) fn record(&self) -> &super::record::RecordRef {
            &super::record::RecordRef
        }

        #[cfg(not(feature = "tokio"))]
        #[inline]
        pub(in crate::views::sync) fn record(&self) -> &Record {
            &Record
        }

        #[inline]
        pub(in crate::views::sync) fn used(&self) -> Option<&Record> {
            None
        }
    }
}

pub(super) mod who {
    #[derive(Clone, Copy)]
    pub(in crate::views::sync) struct Owner;

    impl Owner {
        #[inline]
        pub(in crate::views::sync) fn here(_asynchronous: bool) -> Self {
            Self
        }
    }
}

pub(super) mod poison {
    use std::marker::PhantomData;

    use super::record::Record;

    pub(in crate::views::sync) struct Poison<'a>(PhantomData<&'a Record>);

    impl<'a> Poison<'a> {
        #[inline]
        pub(in crate::views::sync) fn new(_record: &'a Record) -> Self {
            Self(PhantomData)
        }
    }
}
