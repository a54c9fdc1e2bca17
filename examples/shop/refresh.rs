//! Asks the supplier regularly for the current costs. The supplier is simulated: costs vary a little, the same way in every run.

use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use backdoor_runtime::backdoor_var;
use tokio::sync::watch;

use crate::catalogue::Catalogue;
use crate::sku::Sku;

const EVERY: Duration = Duration::from_secs(60);

/// How long the supplier takes to answer for one product.
const ANSWER: Duration = Duration::from_millis(20);

/// What the supplier knows the shop by; `SUPPLIER_KEY` of the environment
#[backdoor_var(secret)]
static SUPPLIER_KEY: OnceLock<String> = OnceLock::new();

/// The background job. A clone is the same job.
#[derive(Clone)]
pub(crate) struct Refresh {
    catalogue: Catalogue,
    every: Arc<watch::Sender<Duration>>,
    round: Arc<AtomicU64>,
}

impl Refresh {
    pub(crate) fn new(catalogue: Catalogue) -> Self {
        if let Ok(key) = env::var("SUPPLIER_KEY") {
            // A second call has the same key.
            let _ = SUPPLIER_KEY.set(key);
        }
        Self { catalogue, every: Arc::new(watch::Sender::new(EVERY)), round: Arc::default() }
    }

    /// Refreshes all costs, again and again.
    pub(crate) async fn run(self) {
        let mut every = self.every.subscribe();
        loop {
            let pause = *every.borrow_and_update();
            tokio::select! {
                () = tokio::time::sleep(pause) => {
                    let round = self.begin();
                    for sku in Sku::all() {
                        self.ask(round, sku).await;
                    }
                }
                // Starts the wait again. The sender lives in `self`, so this is no error.
                _ = every.changed() => {}
            }
        }
    }

    /// The number of a new round.
    pub(crate) fn begin(&self) -> u64 {
        let round = self.round.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::info!(round, signed = SUPPLIER_KEY.get().is_some(), "the supplier is asked");
        round
    }

    /// Asks the supplier for one product.
    pub(crate) async fn ask(&self, round: u64, sku: Sku) {
        tokio::time::sleep(ANSWER).await;
        self.catalogue.set_cost(sku, |cost| cost.shifted(wander(round, sku)));
        tracing::debug!(round, %sku, "the supplier has answered");
    }

    pub(crate) fn every(&self) -> Duration {
        *self.every.borrow()
    }

    /// Sets the time between two rounds, and returns the old one.
    pub(crate) fn set_every(&self, every: Duration) -> Duration {
        self.every.send_replace(every)
    }
}

/// The change of a cost: -3 to 3 percent, scattered by splitmix64.
fn wander(round: u64, sku: Sku) -> i32 {
    let seed = (round << 8) + sku.index() as u64;
    let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed >> 32) % 7) as i32 - 3
}
