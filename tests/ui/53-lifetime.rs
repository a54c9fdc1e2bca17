#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn show<'a>(what: String) {}

fn main() {}
