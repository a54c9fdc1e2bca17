//! The shop of the examples without anything of ours in it, built as tokio-console wants it: alone, with its `console-subscriber`, or
//! with our console and the hooks that show it every task.

extern crate backdoor_runtime as ours;
// What the parts take from the framework is in `plain`.
extern crate self as backdoor_runtime;

#[allow(dead_code, reason = "some of it is for commands only")]
#[path = "../shop/parts.rs"]
mod parts;
#[path = "../shop/plain.rs"]
mod plain;

use std::{env, io};

use anyhow::{Context, bail};
use console_subscriber::ConsoleLayer;
use ours::{Address, Backdoor};
use tracing_subscriber::prelude::*;

use crate::parts::*;
use crate::plain::*;

/// Who looks at its tasks: `none`, `subscriber` or `hooks`; with `requests` behind it each request is a task. The driver's end is the
/// end of the standard input.
fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let observer = arguments.next().context("who looks at the tasks is missing")?;
    let serve = match arguments.next().as_deref() {
        Some("requests") => connections::requests,
        _ => connections::plain,
    };
    let mut runtime = service::runtime();
    match observer.as_str() {
        "none" => {}
        "subscriber" => {
            let layer = ConsoleLayer::builder().server_addr(([127, 0, 0, 1], 0)).spawn();
            tracing_subscriber::registry().with(layer).init();
        }
        "hooks" => {
            runtime.on_task_spawn(ours::tasks::on_task_spawn);
            runtime.on_task_terminate(ours::tasks::on_task_terminate);
        }
        _ => bail!("there is no observer `{observer}`"),
    }
    let runtime = runtime.build()?;
    let http = runtime.block_on(service::start(serve))?.http;
    let _entered = runtime.enter();
    let _backdoor;
    if observer == "hooks" {
        let backdoor = Backdoor::builder("shop").listen("0").start()?;
        let [Address::Tcp(address)] = backdoor.addresses() else { bail!("no TCP address") };
        println!("{http} {address}");
        _backdoor = backdoor;
    } else {
        println!("{http} {http}");
    }
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
