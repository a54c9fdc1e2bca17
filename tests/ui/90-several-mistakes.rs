#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;

#[backdoor_command(nmae = "drain", timeout = "soon", on = worker)]
unsafe fn drain<T>(
    #[arg(defualt = 3)] n: u8,
    path: &str,
    #[arg(rest, default = "x")] why: String,
    what: impl ToString,
    #[description = "how many"] m: T,
) {
}

fn main() {}
