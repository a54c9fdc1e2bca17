use std::sync::Mutex;

use backdoor_runtime::backdoor_var;

#[derive(Clone, Debug, PartialEq)]
pub struct Limit;

#[backdoor_var(settable)]
static LIMIT: Mutex<Option<Limit>> = Mutex::new(None);

fn main() {}
