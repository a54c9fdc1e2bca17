#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[derive(PartialEq, PartialOrd)]
struct Peer(u8);

#[backdoor_command]
async fn drop_peer(#[arg(long, default = Peer(0), range = Peer(0)..)] peer: Peer) {}

fn main() {}
