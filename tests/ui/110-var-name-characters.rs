use std::sync::atomic::AtomicU32;

use backdoor_runtime::backdoor_var;

#[backdoor_var(name = "my limit")]
static LIMIT: AtomicU32 = AtomicU32::new(3);

fn main() {}
