//! The second program of the article about eventlet's backdoor: an operator changes a variable, and the main loop of the service sees
//! it and ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backdoor_runtime::{Backdoor, State, backdoor_command};

/// Let the main loop end
#[backdoor_command]
fn func(State(goes_on): State<Arc<AtomicBool>>) -> &'static str {
    goes_on.store(false, Ordering::Relaxed);
    "OK"
}

#[tokio::main]
async fn main() -> Result<(), backdoor_runtime::Error> {
    let goes_on = Arc::new(AtomicBool::new(true));
    let backdoor =
        Backdoor::builder("change_var").state(goes_on.clone()).listen("127.0.0.1:12223").start()?;
    for address in backdoor.addresses() {
        println!("the console listens on {address}");
    }
    while goes_on.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    backdoor.shutdown().await;
    Ok(())
}
