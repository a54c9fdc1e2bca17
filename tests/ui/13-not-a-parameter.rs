#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

struct Peer;

#[backdoor_command]
fn drop_peer(peer: Peer) {}

fn main() {}
