#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command(timeout = "soon", nmae = "x", reads hidden, on = worker)]
fn flush(#[arg(short)] shard: u8, #[arg(short, lang)] size: &str, what: impl ToString) {}

fn main() {}
