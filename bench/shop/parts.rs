//! What of the shop serves customers: the files of the example, without the console's commands.

#[path = "../../examples/shop/cache.rs"]
pub(crate) mod cache;
#[path = "../../examples/shop/catalogue.rs"]
pub(crate) mod catalogue;
#[path = "connections.rs"]
pub(crate) mod connections;
#[path = "../../examples/shop/counters.rs"]
pub(crate) mod counters;
#[path = "../../examples/shop/error.rs"]
pub(crate) mod error;
#[path = "../../examples/shop/http.rs"]
pub(crate) mod http;
#[path = "../../examples/shop/orders.rs"]
pub(crate) mod orders;
#[path = "../../examples/shop/price.rs"]
pub(crate) mod price;
#[path = "../../examples/shop/refresh.rs"]
pub(crate) mod refresh;
#[path = "service.rs"]
pub(crate) mod service;
#[path = "../../examples/shop/sku.rs"]
pub(crate) mod sku;
#[path = "../../examples/shop/workers.rs"]
pub(crate) mod workers;
