#![allow(unused_variables)]

use backdoor_runtime::{Guard, backdoor_command};

struct Admin;

#[backdoor_command]
fn drop_peer(admin: Guard<Admin>) {}

fn main() {}
