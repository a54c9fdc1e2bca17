#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command(crate = my_framework::backdoor)]
fn flush(shard: u8) -> u8 {
    shard
}

fn main() {}
