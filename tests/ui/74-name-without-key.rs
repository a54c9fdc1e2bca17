#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command("cache flush", reads)]
fn flush() {}

fn main() {}
