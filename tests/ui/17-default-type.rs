#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn log(#[arg(default = "10")] level: u8) {}

fn main() {}
