#![allow(unused_variables)]

use backdoor_runtime::{State, backdoor_command};

#[derive(Clone)]
struct Pool;

#[backdoor_command]
fn drain(pool: Option<State<Pool>>) {}

fn main() {}
