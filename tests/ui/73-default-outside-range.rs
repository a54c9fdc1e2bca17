#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn scale(
    #[arg(long, range = 1..=5, default = 9)] to: u8,
    #[arg(long, default = -3, range = -2..)] from: i64,
) {
}

fn main() {}
