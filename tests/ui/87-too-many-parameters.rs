#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn wide(
    p0: u8, p1: u8, p2: u8, p3: u8, p4: u8, p5: u8, p6: u8, p7: u8,
    p8: u8, p9: u8, p10: u8, p11: u8, p12: u8, p13: u8, p14: u8, p15: u8,
    p16: u8, p17: u8, p18: u8, p19: u8, p20: u8, p21: u8, p22: u8, p23: u8,
    p24: u8, p25: u8, p26: u8, p27: u8, p28: u8, p29: u8, p30: u8, p31: u8,
    one_more: u8,
    another: u8,
) {
}

fn main() {}
