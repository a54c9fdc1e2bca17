#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

struct Peer;

#[backdoor_command]
fn drain(peer: Option<Peer>) {}

fn main() {}
