//! Connections and requests that an operator can see.

use backdoor_runtime::spawn_named;
use backdoor_runtime::tasks::Instrument;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::connections::Requests;

/// Each connection is a task with a record.
pub(crate) fn connections(stream: TcpStream, requests: Requests) {
    spawn_named("connection", http1::Builder::new().serve_connection(TokioIo::new(stream), requests));
}

/// Each request has a record of its own, too.
pub(crate) fn requests(stream: TcpStream, requests: Requests) {
    let requests = service_fn(move |request| requests.call(request).instrumented("request"));
    spawn_named("connection", http1::Builder::new().serve_connection(TokioIo::new(stream), requests));
}
