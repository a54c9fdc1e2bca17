#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn drain(#[arg(complete = "shards")] shard: u8) {}

fn main() {}
