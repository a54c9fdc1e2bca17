#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn drain(#[description = "how many"] n: u8) {}

fn main() {}
