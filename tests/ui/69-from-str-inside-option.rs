#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

struct Peer;

#[backdoor_command]
fn drop_peer(#[arg(from_str, default = None)] peer: Option<Peer>) {}

fn main() {}
