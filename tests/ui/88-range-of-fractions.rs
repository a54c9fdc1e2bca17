#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn scale(
    #[arg(long, range = 0.0..=1.0, default = 1.5)] to: f64,
    #[arg(long, range = -0.5..0.5, default = 0.5)] from: f32,
    #[arg(long, range = 2.5..=1e0)] by: f64,
    #[arg(long, range = -1.0..-1.0)] bias: f64,
    #[arg(long, range = -1..=-5)] down: i8,
) {
}

fn main() {}
