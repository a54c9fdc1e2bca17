#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn login(#[arg(complete = pins, secret)] pin: u32) {}

fn pins(_: &str) -> Vec<String> {
    Vec::new()
}

fn main() {}
