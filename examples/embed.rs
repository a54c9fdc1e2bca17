//! A console in an existing service: three lines at the start, one at the end. After SIGTERM or Ctrl-C, open requests are completed,
//! sessions get a goodbye, and the process exits with 0.

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
    // A console that cannot start is a warning in the log, and the service continues.
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

    // The console ends last, so that an operator can watch while requests end. It waits at most 2 s, and never for a command.
    backdoor.shutdown().await;
    Ok(())
}
