#![allow(unused_variables)]

use backdoor_runtime::State;
use backdoor_runtime::backdoor_command;

struct Cache;

#[backdoor_command]
fn flush(State(cache): State<Cache>) {}

fn main() {}
