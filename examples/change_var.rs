//! The second program of the article about eventlet's backdoor: an operator changes a variable, and the main loop of the service ends. The
//! command `func` does that, as in the article; so does `set goes-on false`, without a line of code for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backdoor_runtime::{Backdoor, backdoor_command, backdoor_var};

/// Whether the main loop goes on
#[backdoor_var(settable)]
static GOES_ON: AtomicBool = AtomicBool::new(true);

/// Let the main loop end
#[backdoor_command]
fn func() -> &'static str {
    GOES_ON.store(false, Ordering::Relaxed);
    "OK"
}

#[tokio::main]
async fn main() -> Result<(), backdoor_runtime::Error> {
    let backdoor = Backdoor::builder("change_var").listen("12223:12233").start()?;
    for address in backdoor.addresses() {
        println!("the console listens on {address}");
    }
    while GOES_ON.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    backdoor.shutdown().await;
    Ok(())
}
