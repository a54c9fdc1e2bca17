//! Calls the `Debug` of objects on a separate thread, which also drops the last reference to an object if it holds it.

use std::fmt::{self, Write};
use std::mem;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::instance::Instance;
use crate::exec::catch_panic::catch_panic;
use crate::exec::query::{NoAnswer, QueryThreads};

/// How long the `Debug` of an object may take, unless the search says otherwise.
pub(super) const LIMIT: Duration = Duration::from_millis(100);

/// How long a thread starts on further objects.
const GOES_ON: Duration = Duration::from_millis(25);

/// How many bytes of an object's text are shown.
const SHOWN: usize = 1024;

/// How many bytes of an object's text are searched.
const SEARCHED: usize = 64 * 1024;

static ASKING: LazyLock<QueryThreads> = LazyLock::new(|| QueryThreads::new("backdoor-object"));

/// An object after the call of its `Debug`.
pub(super) struct Looked {
    /// The number of its owners, without this thread.
    pub(super) strong: usize,
    pub(super) seen: Seen,
}

/// The result.
pub(super) enum Seen {
    /// The object was dropped before.
    Gone,
    /// The object has no `Debug`.
    Opaque,
    Panicked(String),
    Text {
        text: String,
        /// Why the text is not complete.
        missing: Option<String>,
        /// Whether it contains the text that was searched for.
        has_text: bool,
        /// Whether the complete text was searched.
        is_whole: bool,
    },
}

/// Calls `Debug` of these objects in turn. Returns the first results within the time, and why there are no more. After [`NoAnswer::Late`],
/// the first object without a result is the one whose `Debug` does not return.
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

/// A text with a maximum length.
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
        // A `Debug` that checks for errors stops here.
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
