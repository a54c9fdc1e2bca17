#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

fn shards() -> Vec<String> {
    Vec::new()
}

#[backdoor_command]
fn drain(#[arg(complete = shards)] shard: u8) {}

fn main() {}
