#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn dump(json: bool) {}

fn main() {}
