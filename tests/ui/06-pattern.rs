#![allow(unused_variables)]

use backdoor_runtime::backdoor_command;
use backdoor_runtime::{ArgError, FromArg};

struct Point(u8, u8);

impl FromArg for Point {
    const NAME: &'static str = "point";

    fn from_arg(_: &str) -> Result<Self, ArgError> {
        Ok(Point(0, 0))
    }
}

#[backdoor_command]
fn mv(Point(x, y): Point) {}

fn main() {}
