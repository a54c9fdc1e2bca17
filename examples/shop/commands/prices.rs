//! `price` and `refresh`: prices, and the supplier's changes of them.

use std::time::Duration;

use backdoor_runtime::{PrintError, Session, State, backdoor_command};

use crate::cache::Cache;
use crate::catalogue::{Catalogue, Item};
use crate::commands::setting::Setting;
use crate::price::Price;
use crate::refresh::Refresh;
use crate::sku::{self, Sku};

/// The products with price and stock
#[backdoor_command(name = "price list", aliases("products"), reads)]
fn list(
    State(catalogue): State<Catalogue>,
    /// Only these
    #[arg(complete = sku::complete)]
    products: Vec<Sku>,
    /// Only those that do not follow the supplier
    pinned: bool,
) -> impl Iterator<Item = Item> {
    let wanted =
        move |item: &Item| (products.is_empty() || products.contains(&item.sku)) && (item.pinned || !pinned);
    catalogue.items().into_iter().filter(wanted)
}

/// Set the price of a product, until it is released
///
/// The supplier's changes do not move it. Customers see it at once, unless `--no-flush` leaves the old one in the cache.
#[backdoor_command(name = "price set")]
fn set(
    State(catalogue): State<Catalogue>,
    State(cache): State<Cache>,
    #[arg(complete = sku::complete)] product: Sku,
    /// Such as 12.50
    #[arg(from_str)]
    price: Price,
    /// Drop what is cached of it
    #[arg(default = true)]
    flush: bool,
) -> String {
    let old = catalogue.pin(product, price);
    if flush {
        cache.forget(product);
    }
    format!("{product}: {old} -> {price}")
}

/// Move the supplier's prices by some percent
#[backdoor_command(name = "price shift")]
fn shift(
    State(catalogue): State<Catalogue>,
    /// Up, or down where negative
    #[arg(range = -50..=100)]
    percent: i32,
    /// Only of these
    #[arg(complete = sku::complete)]
    products: Vec<Sku>,
) -> Vec<Item> {
    let products = or_all(products);
    for sku in &products {
        catalogue.set_cost(*sku, |cost| cost.shifted(percent));
    }
    catalogue.items().into_iter().filter(|item| products.contains(&item.sku)).collect()
}

/// Let prices follow the supplier again
#[backdoor_command(name = "price release")]
fn release(
    State(catalogue): State<Catalogue>,
    /// Only of these
    #[arg(complete = sku::complete)]
    products: Vec<Sku>,
) -> String {
    let released = or_all(products).into_iter().filter(|sku| catalogue.release(*sku)).count();
    format!("{released} released")
}

/// Ask the supplier for all prices now
#[backdoor_command(name = "refresh now", timeout = "10s")]
async fn refresh_now(
    State(refresh): State<Refresh>,
    session: Session,
    /// Do not say how far it is
    #[arg(short)]
    quiet: bool,
) -> Result<String, PrintError> {
    let round = refresh.begin();
    let mut asked = 0;
    for sku in Sku::all() {
        refresh.ask(round, sku).await;
        asked += 1;
        if !quiet && asked % 10 == 0 {
            session.println(format!("{asked} asked")).await?;
        }
    }
    Ok(format!("{asked} prices are those of today"))
}

/// Show or set the time between two refreshes
#[backdoor_command(name = "refresh every")]
fn refresh_every(
    State(refresh): State<Refresh>,
    #[arg(range = Duration::from_secs(1)..=Duration::from_secs(86_400))] time: Option<Duration>,
) -> Setting {
    let was = time.map(|time| refresh.set_every(time));
    Setting { was, now: refresh.every() }
}

fn or_all(products: Vec<Sku>) -> Vec<Sku> {
    if products.is_empty() { Sku::all().collect() } else { products }
}

#[cfg(test)]
mod tests {
    use backdoor_runtime::{Backdoor, Testing};

    use super::*;

    fn console(catalogue: &Catalogue, cache: &Cache) -> Testing {
        let refresh = Refresh::new(catalogue.clone());
        Backdoor::testing().state(catalogue.clone()).state(cache.clone()).state(refresh)
    }

    #[test]
    fn a_price_that_was_set_stays_until_it_is_released() {
        let (catalogue, cache) = (Catalogue::default(), Cache::default());
        let console = console(&catalogue, &cache);
        catalogue.items().into_iter().for_each(|item| cache.put(item));
        let rope = Sku::find("rope").unwrap();
        console.run("price set rope 9.90 --no-flush");
        assert!(cache.peek(rope).is_some());
        console.run("price set rope 9.95");
        assert!(cache.peek(rope).is_none());
        console.run("price shift -10");
        assert_eq!(console.run("price list rope").value[0]["price"], "9.95");
        assert_eq!(
            console.run("price list --pinned").text,
            "\
sku   price  pinned   stock
rope  9.95   true    100000
"
        );
        assert_eq!(console.run("price release").text, "1 released\n");
        assert_ne!(console.run("price list rope").value[0]["price"], "9.95");
    }

    #[test]
    fn a_wrong_price_is_refused_with_an_example() {
        let console = console(&Catalogue::default(), &Cache::default());
        assert_eq!(
            console.run("price set rope 9,90").error.as_deref(),
            Some("price: `9,90` is not a price, such as 12 or 12.50")
        );
    }

    #[test]
    fn a_refresh_reports_its_progress() {
        let console = console(&Catalogue::default(), &Cache::default());
        let text = "10 asked\n20 asked\n30 asked\n40 asked\n40 prices are those of today\n";
        assert_eq!(console.run("refresh now").text, text);
        assert_eq!(console.run("refresh now -q").text, "40 prices are those of today\n");
        assert_eq!(console.run("refresh every 5m").text, "was  1m\nnow  5m\n");
        assert_eq!(console.run("refresh every").text, "now  5m\n");
    }
}
