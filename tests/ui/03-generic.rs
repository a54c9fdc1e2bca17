#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;
use std::fmt::Display;

#[backdoor_command]
fn show<T: Display>(what: T) {}

fn main() {}
