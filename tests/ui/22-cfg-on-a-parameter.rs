#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn drain(#[cfg(unix)] n: u8) {}

fn main() {}
