#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn login(#[arg(secret)] now: bool) {}

fn main() {}
