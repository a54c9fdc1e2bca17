#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;
use backdoor_runtime::Session;

#[backdoor_command]
fn who(#[arg(long)] session: Session) {}

fn main() {}
