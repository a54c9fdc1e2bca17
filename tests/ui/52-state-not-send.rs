#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;
use backdoor_runtime::State;

#[derive(Clone)]
struct Cache(*const u8);

#[backdoor_command]
fn flush(State(cache): State<Cache>) {}

fn main() {}
