#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn drain(#[arg(range = "1".."9")] n: u8) {}

fn main() {}
