#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn drain(#[arg(rest, default = "x")] why: String) {}

fn main() {}
