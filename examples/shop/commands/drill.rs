//! `drill`: deliberate faults of real services, so that operators can practise, and tests and benchmarks can rely on them. `help` does not
//! list these; `drill` does.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use backdoor_runtime::sync::Mutex;
use backdoor_runtime::{ByteSize, Tracked, backdoor_command, spawn_named};
use tokio::runtime::Handle;
use tokio_stream::Stream;

use crate::sku::Sku;

/// With its newline, 64 bytes.
const LINE: &str = "The quick brown fox jumps over the lazy dog, and then it rests.";

/// The longest effect of a drill.
const MINUTE: Duration = Duration::from_secs(60);

/// What one may practise here
///
/// `drill stall`, `drill block`, `drill text`, `drill leak` and `drill panic`; `help drill stall` says more.
#[backdoor_command(hidden, reads)]
fn drill() -> [(&'static str, &'static str); 5] {
    [
        ("drill stall", "the service's runtime is stuck"),
        ("drill block", "a command is stuck"),
        ("drill text", "an answer does not end"),
        ("drill leak", "memory is lost"),
        ("drill panic", "a command panics"),
    ]
}

/// Block every thread of the service's runtime
///
/// Nothing is served meanwhile. The console still answers: try `who`, or `workers`.
#[backdoor_command(name = "drill stall", hidden, dangerous)]
fn stall(#[arg(default = Duration::from_secs(5), range = Duration::ZERO..=MINUTE)] time: Duration) {
    let workers = Handle::current().metrics().num_workers();
    let held = Arc::new(AtomicUsize::new(0));
    for _ in 0..workers {
        let held = held.clone();
        tokio::spawn(async move {
            held.fetch_add(1, Ordering::Relaxed);
            thread::sleep(time);
        });
    }
    // The next typed line finds the stalled runtime.
    let until = Instant::now() + time.min(Duration::from_secs(5));
    while held.load(Ordering::Relaxed) < workers && Instant::now() < until {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Hold a thread of the console's for synchronous commands, deaf to Ctrl-C
#[backdoor_command(name = "drill block", hidden, reads)]
fn block(#[arg(default = Duration::from_secs(5), range = Duration::ZERO..=MINUTE)] time: Duration) {
    thread::sleep(time);
}

/// Say much
#[backdoor_command(name = "drill text", hidden, reads, timeout = "none")]
async fn text(
    /// How much
    #[arg(default = ByteSize(1 << 20))]
    size: ByteSize,
) -> impl Stream<Item = &'static str> {
    let lines = size.0.div_ceil(64);
    tokio_stream::iter((0..lines).map(|_| LINE))
}

/// A customer's cart.
#[derive(Debug)]
#[expect(dead_code, reason = "`fo` shows it")]
struct Cart {
    customer: u64,
    product: &'static str,
}

/// Carts of customers who went away.
static ABANDONED: Mutex<Vec<Tracked<Cart>>> = Mutex::named("abandoned", Vec::new());

/// Open a cart for every customer, and close none
///
/// `abandoned` is the task that does it, until it has opened 100,000 or `cancel` ends it.
#[backdoor_command(name = "drill leak", hidden)]
async fn leak(
    /// Carts a second
    #[arg(default = 100, range = 1..=1_000)]
    rate: u32,
) {
    spawn_named("abandoned", async move {
        let mut clock = tokio::time::interval(Duration::from_secs(1) / rate);
        for (customer, product) in (1..=100_000).zip(Sku::all().cycle()) {
            clock.tick().await;
            let cart = Tracked::new(Cart { customer, product: product.name() });
            ABANDONED.lock().unwrap_or_else(PoisonError::into_inner).push(cart);
        }
    });
}

/// Panic
#[backdoor_command(name = "drill panic", hidden)]
fn panic() {
    panic!("this is a drill");
}

#[cfg(test)]
mod tests {
    use backdoor_runtime::{Backdoor, Status};

    #[test]
    fn the_drill_prints_the_requested_amount() {
        let console = Backdoor::testing();
        assert_eq!(console.run("drill text 640B").text.len(), 640);
        assert_eq!(console.run("drill panic").status, Status::Panicked);
        assert_eq!(console.run("drill stall").status, Status::Refused);
    }
}
