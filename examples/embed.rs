//! A console in a service that has no room for it: three lines at start, one at the end. SIGTERM or Ctrl-C lets open requests end, then
//! says goodbye to who is connected, and the process ends with 0.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::routing::get;
use backdoor_runtime::{Backdoor, State, backdoor_command};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

type Hits = Arc<AtomicU64>;

/// How many requests there were
#[backdoor_command(reads)]
fn hits(State(hits): State<Hits>) -> u64 {
    hits.load(Ordering::Relaxed)
}

async fn root(axum::extract::State(hits): axum::extract::State<Hits>) -> &'static str {
    hits.fetch_add(1, Ordering::Relaxed);
    "hello\n"
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let hits = Hits::default();
    // A console that cannot start is a warning in the log, and the service goes on.
    let backdoor =
        Backdoor::builder("embed").state(hits.clone()).listen("unix:/tmp/embed-{pid}.sock").start_or_warn();

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    print!("embed: http://{}, console", listener.local_addr()?);
    backdoor.addresses().iter().for_each(|address| print!(" {address}"));
    println!();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    axum::serve(listener, Router::new().route("/", get(root)).with_state(hits))
        .with_graceful_shutdown(stop)
        .await?;

    // Last, so that an operator can look on while requests end. It waits 2 s at most, never for a command.
    backdoor.shutdown().await;
    Ok(())
}
