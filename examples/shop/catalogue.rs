//! The shop's stock and prices. It stands for a database, so that a look-up takes time and is worth a cache.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use serde::Serialize;

use crate::error::ShopError;
use crate::price::Price;
use crate::sku::Sku;

/// How long the database takes for a product.
const LOOK_UP: Duration = Duration::from_millis(2);

/// The shop's margin on the supplier's price, in percent.
const MARGIN: i32 = 30;

/// All products. A clone is the same catalogue.
#[derive(Clone)]
pub(crate) struct Catalogue(Arc<RwLock<Vec<Product>>>);

struct Product {
    sku: Sku,
    cost: Price,
    /// The price set by an operator; the supplier's changes do not affect it.
    pinned: Option<Price>,
    stock: u32,
}

/// A product as customers and operators see it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Item {
    pub(crate) sku: Sku,
    pub(crate) price: Price,
    pub(crate) pinned: bool,
    pub(crate) stock: u32,
}

impl Default for Catalogue {
    fn default() -> Self {
        let product = |sku: Sku| {
            let cost = Price::cents(450 + 137 * sku.index() as u64 % 9_000);
            // There is too little of one product, so that some orders fail.
            let stock = if sku.name() == "lantern" { 20 } else { 100_000 };
            Product { sku, cost, pinned: None, stock }
        };
        Self(Arc::new(RwLock::new(Sku::all().map(product).collect())))
    }
}

impl Catalogue {
    /// One product, as slowly as from a database.
    pub(crate) async fn look_up(&self, sku: Sku) -> Item {
        tokio::time::sleep(LOOK_UP).await;
        self.read()[sku.index()].item()
    }

    /// All products as they are, for operators.
    pub(crate) fn items(&self) -> Vec<Item> {
        self.read().iter().map(Product::item).collect()
    }

    /// Takes goods off the shelf.
    pub(crate) fn take(&self, sku: Sku, count: u32) -> Result<(), ShopError> {
        let product = &mut self.write()[sku.index()];
        let left = product.stock.checked_sub(count);
        product.stock = left.ok_or(ShopError::OutOfStock { sku, left: product.stock })?;
        Ok(())
    }

    /// Puts goods on the shelf, and returns how many are there now.
    pub(crate) fn add(&self, sku: Sku, count: u32) -> u32 {
        let product = &mut self.write()[sku.index()];
        product.stock = product.stock.saturating_add(count);
        product.stock
    }

    /// Sets the price until it is released, and returns the old one.
    pub(crate) fn pin(&self, sku: Sku, price: Price) -> Price {
        let product = &mut self.write()[sku.index()];
        let old = product.price();
        product.pinned = Some(price);
        old
    }

    /// Lets the price follow the supplier again, and returns whether it was set.
    pub(crate) fn release(&self, sku: Sku) -> bool {
        self.write()[sku.index()].pinned.take().is_some()
    }

    /// Changes the supplier's price.
    pub(crate) fn set_cost(&self, sku: Sku, change: impl FnOnce(Price) -> Price) {
        let product = &mut self.write()[sku.index()];
        product.cost = change(product.cost);
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Product>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Product>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Product {
    fn price(&self) -> Price {
        self.pinned.unwrap_or_else(|| self.cost.shifted(MARGIN))
    }

    fn item(&self) -> Item {
        Item { sku: self.sku, price: self.price(), pinned: self.pinned.is_some(), stock: self.stock }
    }
}
