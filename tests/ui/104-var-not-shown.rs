use std::sync::Mutex;

use backdoor_runtime::backdoor_var;

pub struct Limit;

#[backdoor_var]
static LIMIT: Mutex<Limit> = Mutex::new(Limit);

fn main() {}
