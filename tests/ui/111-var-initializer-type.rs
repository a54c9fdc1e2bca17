use std::sync::atomic::AtomicU32;

use backdoor_runtime::backdoor_var;

#[backdoor_var(settable)]
static LIMIT: AtomicU32 = 3;

fn main() {}
