//! `cache`: its use, its contents, and how to empty it.

use std::fmt::{self, Write};
use std::time::Duration;

use backdoor_runtime::{CommandOutput, Page, State, Value, backdoor_command};
use serde::Serialize;

use crate::cache::{Cache, SHARDS, ShardStats};
use crate::commands::setting::Setting;
use crate::error::ShopError;
use crate::price::Price;
use crate::sku::{self, Sku};

/// How well the cache does
#[backdoor_command(name = "cache stats", aliases("cs"), reads)]
fn stats(State(cache): State<Cache>) -> CacheStats {
    let shards = cache.stats();
    let sum = |count: fn(&ShardStats) -> u64| -> u64 { shards.iter().map(count).sum() };
    let (hits, misses) = (sum(|shard| shard.hits), sum(|shard| shard.misses));
    let hit_percent = (hits * 100).checked_div(hits + misses);
    CacheStats { entries: sum(|shard| shard.entries as u64), hits, misses, hit_percent, ttl: cache.ttl() }
}

#[derive(Serialize)]
struct CacheStats {
    entries: u64,
    hits: u64,
    misses: u64,
    hit_percent: Option<u64>,
    ttl: Duration,
}

/// How the requests spread over the shards
///
/// One bar a shard, as long as its share of the busiest one's requests. A shard that does nothing, or everything, is a sign of bad
/// keys.
#[backdoor_command(name = "cache shards", reads)]
fn shards(State(cache): State<Cache>) -> Shards {
    Shards(cache.stats())
}

struct Shards(Vec<ShardStats>);

impl CommandOutput for Shards {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let requests = |shard: &ShardStats| shard.hits + shard.misses;
        let most = self.0.iter().map(requests).max().unwrap_or(0).max(1);
        let cells = page.width().unwrap_or(80).clamp(30, 80) as u64 - 20;
        for shard in &self.0 {
            let bar = "#".repeat((requests(shard) * cells / most) as usize);
            writeln!(page, "{:>2} {:>9}  {bar}", shard.shard, requests(shard))?;
        }
        Ok(())
    }

    fn value(&self) -> Value {
        Value::of(&self.0)
    }
}

/// What is cached of one product
#[backdoor_command(name = "cache get", reads)]
fn get(
    State(cache): State<Cache>,
    #[arg(complete = sku::complete)] product: Sku,
) -> Result<Cached, ShopError> {
    let (item, age) = cache.peek(product).ok_or(ShopError::NotCached(product))?;
    Ok(Cached { sku: item.sku, price: item.price, stock: item.stock, age, expired: age >= cache.ttl() })
}

#[derive(Serialize)]
struct Cached {
    sku: Sku,
    price: Price,
    stock: u32,
    age: Duration,
    expired: bool,
}

/// Empty the cache, or one shard of it
///
/// What is asked for next is looked up again, which costs 2 ms a product.
#[backdoor_command(name = "cache flush", aliases("cf"))]
fn flush(
    State(cache): State<Cache>,
    /// Only this one
    #[arg(long, short, range = 0..=SHARDS - 1)]
    shard: Option<usize>,
    /// Say what would go, and keep it
    #[arg(short = 'n')]
    dry_run: bool,
    /// Name each shard
    #[arg(short)]
    verbose: bool,
) -> String {
    let mut total = 0;
    let mut text = String::new();
    for stats in cache.stats().iter().filter(|stats| shard.is_none_or(|shard| shard == stats.shard)) {
        let entries = if dry_run { stats.entries } else { cache.flush(stats.shard) };
        if verbose {
            text.push_str(&format!("shard {}: {entries}\n", stats.shard));
        }
        total += entries;
    }
    text + &format!("{total} entries {}", if dry_run { "would go" } else { "dropped" })
}

/// Show or set how long an entry is good
#[backdoor_command(name = "cache ttl")]
fn ttl(
    State(cache): State<Cache>,
    /// Also of the entries that are there already
    #[arg(range = Duration::ZERO..=Duration::from_secs(3600))]
    ttl: Option<Duration>,
) -> Setting {
    let was = ttl.map(|ttl| cache.set_ttl(ttl));
    Setting { was, now: cache.ttl() }
}

#[cfg(test)]
mod tests {
    use backdoor_runtime::{Backdoor, Testing};

    use crate::catalogue::Catalogue;

    use super::*;

    fn console(cache: &Cache) -> Testing {
        Backdoor::testing().state(cache.clone())
    }

    fn filled() -> Cache {
        let cache = Cache::default();
        Catalogue::default().items().into_iter().for_each(|item| cache.put(item));
        cache
    }

    #[test]
    fn a_flush_reports_the_dropped_entries() {
        let cache = filled();
        let console = console(&cache);
        assert_eq!(console.run("cache flush --dry-run").text, "40 entries would go\n");
        assert_eq!(console.run("cf -vs3").text, "shard 3: 5\n5 entries dropped\n");
        assert_eq!(console.run("cache stats").value["entries"], 35);
        assert_eq!(console.run("cf").text, "35 entries dropped\n");
        assert_eq!(
            console.run("cache flush --shard 8").error.as_deref(),
            Some("--shard: 8 is out of range 0..=7")
        );
    }

    #[test]
    fn one_product_is_shown_by_name() {
        let console = console(&filled());
        assert_eq!(console.run("cache get rope").value["price"], "57.49");
        assert_eq!(
            console.run("cache get robe").error.as_deref().and_then(|error| error.split("; ").last()),
            Some("did you mean `rope`?")
        );
    }

    #[test]
    fn the_longest_bar_is_the_busiest_shard() {
        let cache = filled();
        let console = console(&cache).width(50);
        for _ in 0..10 {
            cache.get(Sku::find("anvil").unwrap());
        }
        let text = console.run("cache shards").text;
        assert_eq!(text.lines().next(), Some(" 0        10  ##############################"));
        assert_eq!(text.lines().count(), SHARDS);
    }
}
