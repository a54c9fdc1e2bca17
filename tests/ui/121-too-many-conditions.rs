#![allow(unused_variables, unexpected_cfgs)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn drain(
    #[cfg_attr(a, arg(long))] a: u8,
    #[cfg_attr(b, arg(long))] b: u8,
    #[cfg_attr(c, arg(long))] c: u8,
    #[cfg_attr(not(a), cfg_attr(d, arg(long)))] d: u8,
    #[cfg_attr(e, arg(long))] e: u8,
) {
}

fn main() {}
