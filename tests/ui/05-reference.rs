#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
async fn open(path: &str) {}

fn main() {}
