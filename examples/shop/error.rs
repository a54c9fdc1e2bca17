//! Errors of the shop, for customers and for operators.

use std::fmt;

use crate::orders::Stage;
use crate::sku::Sku;

/// Why the shop could not do what was requested.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ShopError {
    /// The queue is full.
    QueueFull(usize),
    /// The shop is ending.
    Closing,
    /// Less is left than was ordered.
    OutOfStock { sku: Sku, left: u32 },
    /// There is no order of this number, or it was forgotten.
    NoSuchOrder(u64),
    /// Only a failed order can be tried again.
    NotFailed(u64, Stage),
    /// Nothing of this product is in the cache.
    NotCached(Sku),
}

impl fmt::Display for ShopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueFull(limit) => write!(f, "{limit} orders wait already"),
            Self::Closing => f.write_str("the shop closes"),
            Self::OutOfStock { sku, left: 0 } => write!(f, "no {sku} is left"),
            Self::OutOfStock { sku, left } => write!(f, "only {left} of {sku} are left"),
            Self::NoSuchOrder(id) => write!(f, "there is no order {id}; `orders list` shows the last ones"),
            Self::NotFailed(id, stage) => write!(f, "order {id} is {stage}, not failed"),
            Self::NotCached(sku) => write!(f, "{sku} is not in the cache"),
        }
    }
}

impl std::error::Error for ShopError {}
