//! A small shop as it might run in production: HTTP, a cache, a worker pool behind a bounded queue, prices that a supplier changes,
//! and a console that looks into all of it. `README.md` beside this file is a walk through what an operator can do.

mod cache;
mod catalogue;
mod commands;
mod counters;
mod error;
mod http;
mod orders;
mod price;
mod refresh;
mod sku;
mod workers;

use std::env;
use std::error::Error;
use std::future::Future;
use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::time::Duration;

use backdoor_runtime::tasks::JoinSet;
use backdoor_runtime::{Address, Backdoor, build_info, logs, spawn_named};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use tracing_subscriber::prelude::*;

use crate::http::Shop;
use crate::refresh::Refresh;
use crate::workers::Workers;

/// The address for HTTP: the first free port of these on 127.0.0.1. `SHOP_HTTP` changes it.
const HTTP: RangeInclusive<u16> = 8080..=8090;

/// The console's address: the first free port of these. `BACKDOOR_LISTEN` changes it or switches the console off.
const CONSOLE: &str = "3000:3010";

const WORKERS: usize = 4;

/// How long open requests, and then waiting orders, may delay the end.
const GRACE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shop: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let fmt_layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let fmt_layer = fmt_layer.with_filter(logs::filter("info")?);
    tracing_subscriber::registry().with(logs()).with(fmt_layer).init();

    let stop = stop_signal()?;
    let addresses = match env::var("SHOP_HTTP") {
        Ok(address) => vec![address],
        Err(_) => HTTP.map(|port| format!("127.0.0.1:{port}")).collect(),
    };
    let listener = listen(&addresses).await?;

    let shop = Shop::default();
    let workers = Workers::new(WORKERS);
    let refresh = Refresh::new(shop.catalogue.clone());
    let mut packing = workers.start(&shop.orders, &shop.catalogue);
    let refreshing = spawn_named("refresh", refresh.clone().run());

    let backdoor = Backdoor::builder("shop")
        .version(env!("CARGO_PKG_VERSION"))
        .build_info(build_info!())
        .state(shop.catalogue.clone())
        .state(shop.cache.clone())
        .state(shop.orders.clone())
        .state(workers)
        .state(refresh)
        .listen(CONSOLE)
        .start_or_warn();
    println!("shop: http://{}, console {}", listener.local_addr()?, places(backdoor.addresses()));

    serve(listener, shop.clone(), stop).await?;
    shop.orders.close();
    if timeout(GRACE, ended(&mut packing)).await.is_err() {
        tracing::warn!("{} orders were still waiting", shop.orders.waiting());
    }
    refreshing.abort();
    // The console ends last, so that an operator can watch.
    backdoor.shutdown().await;
    Ok(())
}

/// Listens on the first of these that is free.
async fn listen(addresses: &[String]) -> Result<TcpListener, String> {
    let mut last = String::new();
    for address in addresses {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) => last = format!("cannot listen on {address}: {error}"),
        }
    }
    Err(format!("{last}; SHOP_HTTP=127.0.0.1:0 takes a free port"))
}

/// Serves requests until it is told to stop; open requests may end.
async fn serve(
    listener: TcpListener,
    shop: Shop,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error>> {
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    let server = axum::serve(listener, http::router(shop)).with_graceful_shutdown(async move {
        stop.await;
        stopping.send_replace(true);
    });
    tokio::select! {
        served = server => served?,
        // A client with half a request must not delay the service.
        () = async {
            let _ = stopped.wait_for(|stopped| *stopped).await;
            tokio::time::sleep(GRACE).await;
        } => tracing::warn!("some requests were cut off"),
    }
    Ok(())
}

/// Ctrl-C, or the signal of a supervisor.
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

async fn ended(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

fn places(addresses: &[Address]) -> String {
    match addresses {
        [] => "off".to_owned(),
        _ => addresses.iter().map(Address::to_string).collect::<Vec<_>>().join(", "),
    }
}
