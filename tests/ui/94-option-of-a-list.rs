#![allow(unused_variables)]

use backdoor_runtime::{Choice, backdoor_command};

#[derive(Choice)]
enum Shard {
    First,
}

#[backdoor_command]
fn drain(shards: Option<Vec<Shard>>) {}

fn main() {}
