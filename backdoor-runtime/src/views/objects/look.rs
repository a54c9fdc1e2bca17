//! Asks objects for their `Debug`, on a thread of its own, where also the last reference to one is dropped if it comes to that.

use std::fmt::{self, Write};
use std::mem;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::instance::Instance;
use crate::exec::catch_panic::catch_panic;
use crate::exec::query::{NoAnswer, QueryThreads};

/// How long an object may take at least, unless the search says otherwise.
pub(super) const LIMIT: Duration = Duration::from_millis(100);

/// How long a thread begins to ask further objects.
const GOES_ON: Duration = Duration::from_millis(25);

/// Bytes that are shown of an object.
const SHOWN: usize = 1024;

/// Bytes of an object that are searched.
const SEARCHED: usize = 64 * 1024;

static ASKING: LazyLock<QueryThreads> = LazyLock::new(|| QueryThreads::new("backdoor-object"));

/// An object that was looked at.
pub(super) struct Looked {
    /// How many share it, this look not counted.
    pub(super) strong: usize,
    pub(super) seen: Seen,
}

/// The result.
pub(super) enum Seen {
    /// It was dropped before.
    Gone,
    /// It has no `Debug`.
    Opaque,
    Panicked(String),
    Text {
        text: String,
        /// Why that is not all.
        missing: Option<String>,
        /// Whether what was searched for is in it.
        has_text: bool,
        /// Whether all of it was searched.
        is_whole: bool,
    },
}

/// Looks at these objects in turn: the first of them that there was time for, and why there is no more. Where that is
/// [`NoAnswer::Late`], it is the first of the rest that does not answer.
pub(super) async fn at(
    objects: Vec<Weak<dyn Instance>>,
    text: Option<String>,
    limit: Duration,
) -> (Vec<Looked>, Option<NoAnswer>) {
    let looked: Arc<Mutex<Vec<Looked>>> = Arc::default();
    let results = looked.clone();
    let asked = ASKING.ask(limit + GOES_ON, move || {
        let begun = Instant::now();
        let mut scratch = String::new();
        for object in objects {
            let one = look(&object, text.as_deref(), &mut scratch);
            let has_panicked = matches!(one.seen, Seen::Panicked(_));
            lock(&results).push(one);
            if has_panicked || begun.elapsed() > GOES_ON {
                break;
            }
        }
    });
    let failed = asked.await.err();
    let looked = mem::take(&mut *lock(&looked));
    (looked, failed)
}

fn lock(looked: &Mutex<Vec<Looked>>) -> MutexGuard<'_, Vec<Looked>> {
    looked.lock().unwrap_or_else(PoisonError::into_inner)
}

fn look(object: &Weak<dyn Instance>, wanted: Option<&str>, scratch: &mut String) -> Looked {
    let mut strong = 0;
    scratch.clear();
    let seen = catch_panic(|| {
        let Some(object) = object.upgrade() else { return Seen::Gone };
        strong = Arc::strong_count(&object) - 1;
        let room = if wanted.is_some() { SEARCHED } else { SHOWN };
        let mut written = Bounded { text: scratch, room, is_cut: false };
        match object.show(&mut written) {
            Some(shown) => written.seen(shown, wanted),
            None => Seen::Opaque,
        }
    });
    Looked { strong, seen: seen.unwrap_or_else(|panic| Seen::Panicked(panic.message)) }
}

/// A text that takes so much and no more.
struct Bounded<'a> {
    text: &'a mut String,
    room: usize,
    is_cut: bool,
}

impl Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let fits = text.floor_char_boundary(self.room - self.text.len());
        self.text.push_str(&text[..fits]);
        self.is_cut |= fits < text.len();
        // A writer that checks for errors stops here.
        if self.is_cut { Err(fmt::Error) } else { Ok(()) }
    }
}

impl Bounded<'_> {
    fn seen(self, shown: fmt::Result, wanted: Option<&str>) -> Seen {
        let Self { text, is_cut, .. } = self;
        let has_text = wanted.is_none_or(|wanted| text.to_lowercase().contains(wanted));
        let is_long = is_cut || text.len() > SHOWN;
        let missing = match shown {
            _ if is_long => Some("the first kilobyte is shown".to_owned()),
            Err(_) => Some("its `Debug` returned an error".to_owned()),
            Ok(()) => None,
        };
        let text = text[..text.floor_char_boundary(SHOWN)].to_owned();
        Seen::Text { text, missing, has_text, is_whole: !is_cut }
    }
}
