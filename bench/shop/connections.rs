//! The shop's connections: a task each, as `axum::serve` has them, which does not leave it to anyone how they are spawned.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

/// What answers the requests of a connection.
pub(crate) type Requests = TowerToHyperService<Router>;

/// Spawns what serves one connection until it ends.
pub(crate) type Serve = fn(TcpStream, Requests);

pub(crate) async fn accept(listener: TcpListener, router: Router, serve: Serve) {
    let requests = TowerToHyperService::new(router);
    while let Ok((stream, _)) = listener.accept().await {
        serve(stream, requests.clone());
    }
}

/// A task of tokio's.
pub(crate) fn plain(stream: TcpStream, requests: Requests) {
    tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), requests));
}
