#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn login(#[arg(secret, default = 1234)] pin: u32) {}

fn main() {}
