#![allow(unused_variables)]

use backdoor_runtime::{State, backdoor_command};

#[backdoor_command]
fn login(#[arg(secret)] State(pin): State<u32>) {}

fn main() {}
