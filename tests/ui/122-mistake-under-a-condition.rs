#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command(raeds)]
fn drain(
    #[cfg_attr(unix, arg(lnog))] one: u8,
    #[cfg_attr(not(unix), arg(shrot))] two: u8,
    #[cfg_attr(windows, arg(long))] three: u8,
    #[cfg_attr(unix, cfg(unix))] four: u8,
    #[cfg_attr] five: u8,
    #[arg(rset)] six: u8,
) {
}

fn main() {}
