#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn drain(#[arg(short)] number: u8, #[arg(short = 'n')] name: String) {}

fn main() {}
