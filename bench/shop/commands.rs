//! The shop's commands.

#[path = "../../examples/shop/commands/cache.rs"]
mod cache;
#[path = "../../examples/shop/commands/drill.rs"]
mod drill;
#[path = "../../examples/shop/commands/orders.rs"]
mod orders;
#[path = "../../examples/shop/commands/prices.rs"]
mod prices;
#[path = "../../examples/shop/commands/service.rs"]
mod service;
#[path = "../../examples/shop/commands/setting.rs"]
mod setting;
