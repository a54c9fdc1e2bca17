#![allow(unused_variables)]

use backdoor_runtime::{Choice, backdoor_command};

#[derive(Choice)]
enum Level {
    Low,
    High,
}

#[backdoor_command]
fn login(#[arg(secret)] level: Level) {}

fn main() {}
