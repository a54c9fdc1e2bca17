#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn drain(#[arg(default = Some(3))] n: Option<u8>) {}

fn main() {}
