//! The shop's own parts, started as its `main.rs` starts them, on free ports and on two workers whatever the cores.

use backdoor_runtime::spawn_named;
use tokio::net::TcpListener;
use tokio::runtime;

use crate::connections::{self, Serve};
use crate::http::{self, Shop};
use crate::refresh::Refresh;
use crate::workers::Workers;

/// A shop that serves. It ends with the process.
pub(crate) struct Service {
    pub(crate) shop: Shop,
    pub(crate) workers: Workers,
    pub(crate) refresh: Refresh,
    pub(crate) http: std::net::SocketAddr,
}

pub(crate) fn runtime() -> runtime::Builder {
    let mut runtime = runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all();
    runtime
}

/// Starts it; clients are served as this says.
pub(crate) async fn start(serve: Serve) -> std::io::Result<Service> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let http = listener.local_addr()?;
    let shop = Shop::default();
    let workers = Workers::new(4);
    let refresh = Refresh::new(shop.catalogue.clone());
    let packing = workers.start(&shop.orders, &shop.catalogue);
    tokio::spawn(packing.join_all());
    spawn_named("refresh", refresh.clone().run());
    tokio::spawn(connections::accept(listener, http::router(shop.clone()), serve));
    Ok(Service { shop, workers, refresh, http })
}
