#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn scale(#[arg(range = 5..=1)] to: u8, #[arg(range = 3..3)] from: i64) {}

fn main() {}
