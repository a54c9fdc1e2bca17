#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn drain(#[arg(range = false..=true)] now: bool) {}

fn main() {}
