#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn set(why: Option<String>, key: String) {}

fn main() {}
