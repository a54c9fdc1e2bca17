#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

struct Peer;

#[backdoor_command]
fn drain(#[arg(from_str)] peer: Peer) {}

fn main() {}
