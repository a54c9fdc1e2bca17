#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn kill(ids: Vec<u32>, signal: u8) {}

fn main() {}
