#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn drain(#[arg(short = '4')] n: u8) {}

fn main() {}
