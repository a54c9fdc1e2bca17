use std::sync::Mutex;

use backdoor_runtime::backdoor_var;

#[derive(Debug)]
pub struct Limit;

#[backdoor_var(settable)]
static LIMIT: Mutex<Limit> = Mutex::new(Limit);

fn main() {}
