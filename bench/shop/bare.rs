//! The shop of the examples without the console, its commands, and what it has tracked: what these cost is seen beside it.

extern crate backdoor_runtime as ours;
// What the parts take from the framework is in `plain`.
extern crate self as backdoor_runtime;

#[allow(dead_code, reason = "some of it is for commands only")]
mod parts;
mod plain;

use std::{env, io};

use crate::parts::*;
use crate::plain::*;

/// With `requests` each of them is a task.
fn main() -> io::Result<()> {
    let runtime = service::runtime().build()?;
    let serve = match env::args().nth(1).as_deref() {
        Some("requests") => connections::requests,
        _ => connections::plain,
    };
    let service = runtime.block_on(service::start(serve))?;
    println!("{} {}", service.http, service.http);
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
