//! The shop's connections: a task each, as `axum::serve` has them, which does not leave it to anyone how they are spawned.

use axum::Router;
use backdoor_runtime::spawn_named;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinError;

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

/// Connections that no console knows.
pub(crate) fn plain(stream: TcpStream, requests: Requests) {
    tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), requests));
}

/// Connections that are tracked.
pub(crate) fn connections(stream: TcpStream, requests: Requests) {
    spawn_named("connection", http1::Builder::new().serve_connection(TokioIo::new(stream), requests));
}

/// The same, and each request is a task of its own, which is tracked, too.
pub(crate) fn requests(stream: TcpStream, requests: Requests) {
    let spawning = service_fn(move |request| {
        let request = spawn_named("request", requests.call(request));
        async {
            match request.await? {
                Ok(response) => Ok::<_, JoinError>(response),
                Err(never) => match never {},
            }
        }
    });
    spawn_named("connection", http1::Builder::new().serve_connection(TokioIo::new(stream), spawning));
}
