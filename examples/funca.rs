//! The first program of the article about eventlet's backdoor: a service that is busy with something else, and a function that an
//! operator calls from outside.

use std::time::Duration;

use backdoor_runtime::{Backdoor, PrintError, Session, backdoor_command};

/// Print abc and return 123
#[backdoor_command(reads)]
async fn funca(session: Session) -> Result<u32, PrintError> {
    session.println("abc").await?;
    Ok(123)
}

#[tokio::main]
async fn main() -> Result<(), backdoor_runtime::Error> {
    let backdoor = Backdoor::builder("funca").listen("3000:3010").start()?;
    for address in backdoor.addresses() {
        println!("the console listens on {address}");
    }
    loop {
        println!("aaa");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
