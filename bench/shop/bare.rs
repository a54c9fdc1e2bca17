//! The shop of the examples without the console and its commands: what the console adds to memory and binary is seen beside it.

#[allow(dead_code, reason = "some of it is for commands only")]
#[path = "../../examples/shop/cache.rs"]
mod cache;
#[allow(dead_code, reason = "some of it is for commands only")]
#[path = "../../examples/shop/catalogue.rs"]
mod catalogue;
#[allow(dead_code, reason = "some of it is for commands only")]
#[path = "../../examples/shop/counters.rs"]
mod counters;
#[allow(dead_code, reason = "some of it is for commands only")]
#[path = "../../examples/shop/error.rs"]
mod error;
#[path = "../../examples/shop/http.rs"]
mod http;
#[allow(dead_code, reason = "some of it is for commands only")]
#[path = "../../examples/shop/orders.rs"]
mod orders;
#[allow(dead_code, reason = "some of it is for commands only")]
#[path = "../../examples/shop/price.rs"]
mod price;
#[allow(dead_code, reason = "some of it is for commands only")]
#[path = "../../examples/shop/refresh.rs"]
mod refresh;
#[allow(dead_code, reason = "some of it is for commands only")]
mod service;
#[allow(dead_code, reason = "some of it is for commands only")]
#[path = "../../examples/shop/sku.rs"]
mod sku;
#[allow(dead_code, reason = "some of it is for commands only")]
#[path = "../../examples/shop/workers.rs"]
mod workers;

use std::io;

fn main() -> io::Result<()> {
    let runtime = service::runtime()?;
    let service = runtime.block_on(service::start())?;
    println!("{} {}", service.http, service.http);
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
