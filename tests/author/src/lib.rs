//! All that authors write, without `cfg`: it compiles with any features of `backdoor-runtime`.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use backdoor_runtime::sync::{Condvar, Mutex, RwLock};
use backdoor_runtime::trends::{self, Watched};
use backdoor_runtime::vars::{Computed, Readable, Reading};
use backdoor_runtime::{
    ArgError, ByteSize, Choice, CommandOutput, Counter, FromArg, Gauge, Histogram, Page, PrintError, RawAnsi,
    Session, State, Track, TrackGuard, Tracked, Value, backdoor_command, backdoor_var, vars,
};

/// How many orders a worker takes at once
#[backdoor_var(settable, range = 1..=100)]
pub static BATCH: AtomicU32 = AtomicU32::new(10);

/// Orders that were served
#[backdoor_var]
pub static SERVED: Counter = Counter::new();

/// Orders that wait
#[backdoor_var]
pub static QUEUED: Gauge = Gauge::new();

/// How long an order takes
#[backdoor_var]
pub static TOOK: Histogram<Duration> = Histogram::new();

/// The ledger, behind locks.
pub static LEDGER: Mutex<Vec<u64>> = Mutex::named("ledger", Vec::new());
static PRICES: RwLock<f64> = RwLock::named("prices", 0.5);
static CHANGED: Condvar = Condvar::new();

/// What to warm.
#[derive(Choice, Debug)]
pub enum Part {
    /// The index
    Index,
    /// The pages
    Pages,
}

/// An even number.
#[derive(Debug)]
pub struct Even(u32);

impl FromArg for Even {
    const NAME: &'static str = "EVEN";

    fn from_arg(word: &str) -> Result<Self, ArgError> {
        match u32::from_arg(word)? {
            number if number % 2 == 0 => Ok(Self(number)),
            _ => Err(ArgError::new("is not even")),
        }
    }
}

/// A connection, which is counted.
#[derive(Track)]
pub struct Connection {
    /// Its peer.
    pub peer: String,
    track: TrackGuard<Self>,
}

impl Connection {
    /// A connection to this peer.
    pub fn to(peer: &str) -> Self {
        Self { peer: peer.to_owned(), track: TrackGuard::new().label(peer) }
    }
}

/// A reply that its author writes.
pub struct Lines(u32);

impl CommandOutput for Lines {
    fn text(&self, page: &mut Page<'_>) -> std::fmt::Result {
        use std::fmt::Write;
        writeln!(page, "{} lines", self.0)
    }

    fn value(&self) -> Value {
        Value::record([("lines", Value::from(self.0))])
    }
}

/// Add two numbers
#[backdoor_command(name = "author add", reads)]
fn add(one: u32, #[arg(default = 1)] other: u32) -> u32 {
    one + other
}

/// Warm the cache, piece by piece
#[backdoor_command(name = "author warm")]
async fn warm(
    session: Session,
    part: Part,
    #[arg(long)] most: Option<ByteSize>,
) -> Result<String, PrintError> {
    session.println(format!("{part:?} of {most:?}")).await?;
    Ok("warm".to_owned())
}

/// Report, with everything that a reply may be
#[backdoor_command(name = "author report", reads)]
fn report(State(names): State<Vec<String>>, even: Even) -> impl Iterator<Item = String> {
    names.into_iter().take(even.0 as usize)
}

/// Report as an author's own output
#[backdoor_command(name = "author lines", reads)]
fn lines() -> Lines {
    Lines(3)
}

/// Bold text
#[backdoor_command(name = "author bold", reads)]
fn bold() -> RawAnsi {
    RawAnsi("\u{1b}[1mbold\u{1b}[0m\n".to_owned())
}

/// A value of the author's that is read as a variable.
pub struct Level;

impl Readable for Level {
    fn read(&self) -> Reading {
        Reading::Value(Value::from(BATCH.load(Ordering::Relaxed)))
    }
}

/// The level
#[backdoor_var]
pub static LEVEL: Level = Level;

/// Serves one order, with every instrument.
pub fn serve() -> usize {
    let connection = Tracked::new(format!("order {}", SERVED.get()));
    SERVED.add(1);
    QUEUED.set(3.0);
    TOOK.record(Duration::from_micros(96));
    let mut ledger = LEDGER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    ledger.push(connection.len() as u64);
    CHANGED.notify_all();
    let price = PRICES.read().map_or(0.0, |price| *price);
    ledger.len() + (price as usize)
}

/// Registers what has no static.
pub fn register() -> bool {
    let computed =
        Computed::new("author-length", || LEDGER.lock().map_or(0, |ledger| ledger.len())).unit("orders");
    let registered = computed.register().is_ok() && vars::register("author-one", || 1).is_ok();
    registered && trends::watch(Watched::variable("author-served", &SERVED).unit("orders"))
}

/// What needs the feature `tokio`.
#[cfg(feature = "tokio")]
pub mod asynchronous {
    use backdoor_runtime::sync::{Semaphore, asynch};
    use backdoor_runtime::tasks::{Builder, Instrument, JoinSet};
    use backdoor_runtime::{spawn, spawn_named};

    static SLOTS: Semaphore = Semaphore::named("slots", 2);

    /// Spawns in every way, and counts.
    pub async fn work() -> u32 {
        let total = std::sync::Arc::new(asynch::Mutex::named("total", 0));
        let mut set = JoinSet::new();
        for _ in 0..2 {
            let total = total.clone();
            set.spawn_named("adder", async move {
                let _slot = SLOTS.acquire().await;
                *total.lock().await += 1;
            });
        }
        while set.join_next().await.is_some() {}
        let one = spawn(async { 1 }).await.unwrap_or(0);
        let two = spawn_named("two", async { 2 }).await.unwrap_or(0);
        let three = Builder::new().name("three").spawn(async { 3 }.instrumented("inner")).await.unwrap_or(0);
        let prices = asynch::RwLock::new(0);
        *prices.write().await += 1;
        let total = *total.lock().await;
        total + one + two + three + *prices.read().await
    }
}
