#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn drain(#[arg(rest)] why: String, n: u8) {}

fn main() {}
