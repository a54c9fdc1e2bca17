#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn drain(#[arg(long = "for time")] limit: u8) {}

fn main() {}
