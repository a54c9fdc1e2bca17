//! The variables of the test service.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock, RwLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use backdoor_runtime::{Choice, backdoor_var};

/// How many orders a worker takes at once
///
/// More of them take longer.
#[backdoor_var(settable, range = 1..=100, unit = "orders")]
pub(crate) static VT_LIMIT: AtomicU32 = AtomicU32::new(3);

/// Who is served first
#[backdoor_var(settable, name = "vt-name")]
pub(crate) static FIRST: Mutex<String> = Mutex::new(String::new());

#[derive(Choice, Clone, PartialEq)]
pub(crate) enum Level {
    /// What breaks
    Error,
    Warn,
    Debug,
}

#[backdoor_var(settable)]
pub(crate) static VT_LEVEL: RwLock<Level> = RwLock::new(Level::Warn);

#[backdoor_var(settable, on_change = patient)]
pub(crate) static VT_PATIENCE: RwLock<Duration> = RwLock::new(Duration::from_secs(90));

pub(crate) static PATIENT: AtomicU64 = AtomicU64::new(0);

fn patient(patience: &Duration) {
    // All locks are free.
    assert_eq!(*VT_PATIENCE.try_read().unwrap(), *patience);
    PATIENT.store(patience.as_secs(), Ordering::SeqCst);
}

#[backdoor_var]
pub(crate) static VT_RO: AtomicBool = AtomicBool::new(true);

#[backdoor_var(settable, validate = is_odd)]
pub(crate) static VT_ODD: AtomicU32 = AtomicU32::new(1);

fn is_odd(number: &u32) -> Result<(), String> {
    if number % 2 == 1 { Ok(()) } else { Err(format!("{number} is even")) }
}

/// Nobody may see it
#[backdoor_var(settable, secret)]
pub(crate) static VT_PASSWORD: Mutex<String> = Mutex::new(String::new());

#[backdoor_var(settable)]
pub(crate) static VT_LATE: LazyLock<Mutex<u8>> = LazyLock::new(|| Mutex::new(5));

#[backdoor_var]
pub(crate) static VT_ONCE: OnceLock<Vec<u8>> = OnceLock::new();

#[derive(Debug)]
pub(crate) struct Opaque {
    #[expect(dead_code, reason = "it is shown")]
    pub(crate) inside: u8,
}

#[backdoor_var]
pub(crate) static VT_OPAQUE: Mutex<Opaque> = Mutex::new(Opaque { inside: 1 });

#[backdoor_var(hidden)]
pub(crate) static VT_HIDDEN: AtomicU32 = AtomicU32::new(1);

#[backdoor_var(settable)]
pub(crate) static LATE_SWAPPED: LazyLock<ArcSwap<String>> =
    LazyLock::new(|| ArcSwap::from_pointee("one".to_owned()));
