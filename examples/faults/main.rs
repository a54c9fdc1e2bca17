//! A service with faults: each fault is switched on by a command, and stays. `docs/what-is-it-doing.md` walks through them, with the
//! commands that show each.

#[allow(unsafe_code, reason = "no safe function blocks signals or sleeps uninterruptibly")]
mod asleep;
mod crowds;
mod locks;
mod threads;
mod workers;

use std::env;
use std::error::Error;
use std::future::pending;

use backdoor_runtime::Backdoor;
use tokio::runtime::{Builder, Runtime};

/// The console's address: the first free port of these. `BACKDOOR_LISTEN` changes it.
const CONSOLE: &str = "3000:3010";

/// Independent of the number of processors, so that the walk is the same everywhere.
const WORKERS: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = runtime()?;
    let backdoor = Backdoor::builder("faults").listen(CONSOLE).runtime(runtime.handle().clone()).start()?;
    for address in backdoor.addresses() {
        println!("faults: console {address}");
    }
    runtime.block_on(pending())
}

/// Several workers, or only this thread with `FAULTS_RUNTIME=current-thread`.
fn runtime() -> Result<Runtime, Box<dyn Error>> {
    let mut builder = match env::var("FAULTS_RUNTIME").as_deref() {
        Err(_) | Ok("multi-thread") => Builder::new_multi_thread(),
        Ok("current-thread") => Builder::new_current_thread(),
        Ok(other) => {
            return Err(format!("FAULTS_RUNTIME: `{other}` is not multi-thread or current-thread").into());
        }
    };
    Ok(builder.worker_threads(WORKERS).enable_all().build()?)
}
