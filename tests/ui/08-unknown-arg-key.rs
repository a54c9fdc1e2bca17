#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn flush(#[arg(defualt = 3)] shard: u8) {}

fn main() {}
