//! The shop of the examples, as the benchmark needs it: on free ports, with a console, without one, or with one that lives in its
//! runtime; and with an answer that no service should give. The driver's end is the end of the standard input.

mod commands;
mod inside;
mod parts;

use std::{env, io};

use anyhow::{Context, bail};
use backdoor_runtime::{Address, Backdoor, backdoor_command};

use crate::parts::*;
use crate::service::Service;

/// A hundred megabytes
#[backdoor_command(name = "bench big", reads)]
async fn big() -> String {
    "a line of fifty bytes, as a log or a dump has them\n".repeat(2_000_000)
}

/// Tasks of a service that is watched.
const TASKS: usize = 1000;

async fn idle() {
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
}

/// The place of the console: `none`, `console [STEPS]` with the steps of its nice, `watched`, which has tasks to look at, `connections`
/// or `requests`, where these are tasks that it tracks, or `inside`.
fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let place = arguments.next().context("where the console lives is missing")?;
    let runtime = service::runtime().build()?;
    let serve = match place.as_str() {
        "connections" => connections::connections,
        "requests" => connections::requests,
        _ => connections::plain,
    };
    let service = runtime.block_on(service::start(serve))?;
    let (http, orders) = (service.http, service.shop.orders.clone());
    let _entered = runtime.enter();
    let _backdoor;
    match place.as_str() {
        "none" => println!("{http} {http}"),
        "inside" => println!("{http} {}", runtime.block_on(inside::start(service.shop))?),
        "console" | "watched" | "connections" | "requests" => {
            if place == "watched" {
                for _ in 0..TASKS {
                    backdoor_runtime::spawn_named("idle", idle());
                }
            }
            let steps = arguments.next().map(|steps| steps.parse()).transpose()?;
            let backdoor = console(service, steps)?;
            let [Address::Tcp(address)] = backdoor.addresses() else { bail!("no TCP address") };
            println!("{http} {address}");
            _backdoor = backdoor;
        }
        _ => bail!("there is no place `{place}`"),
    }
    io::copy(&mut io::stdin(), &mut io::sink())?;
    orders.close();
    Ok(())
}

fn console(service: Service, steps: Option<u8>) -> Result<Backdoor, backdoor_runtime::Error> {
    let builder = Backdoor::builder("shop")
        .state(service.shop.catalogue)
        .state(service.shop.cache)
        .state(service.shop.orders)
        .state(service.workers)
        .state(service.refresh)
        .listen("0");
    match steps {
        Some(steps) => builder.nice(steps).start(),
        None => builder.start(),
    }
}
