//! The shortest service with a console.

use backdoor_runtime::{Backdoor, backdoor_command};

/// Say hello to somebody
#[backdoor_command(reads)]
fn hello(name: String) -> String {
    format!("hello, {name}")
}

fn main() -> Result<(), backdoor_runtime::Error> {
    let backdoor = Backdoor::builder("hello").listen("3000:3010").start()?;
    for address in backdoor.addresses() {
        println!("the console listens on {address}");
    }
    loop {
        std::thread::park();
    }
}
