#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
unsafe fn poke(address: u64) {}

fn main() {}
