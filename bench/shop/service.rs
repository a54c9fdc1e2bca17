//! The shop's own parts, started as its `main.rs` starts them, on free ports and on two workers whatever the cores.

use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};

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

pub(crate) fn runtime() -> std::io::Result<Runtime> {
    runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

pub(crate) async fn start() -> std::io::Result<Service> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let http = listener.local_addr()?;
    let shop = Shop::default();
    let workers = Workers::new(4);
    let refresh = Refresh::new(shop.catalogue.clone());
    let packing = workers.start(&shop.orders, &shop.catalogue);
    tokio::spawn(packing.join_all());
    tokio::spawn(refresh.clone().run());
    let server = axum::serve(listener, http::router(shop.clone()));
    tokio::spawn(async move { server.await });
    Ok(Service { shop, workers, refresh, http })
}
