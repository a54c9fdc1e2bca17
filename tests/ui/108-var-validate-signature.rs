use std::sync::atomic::AtomicU32;

use backdoor_runtime::backdoor_var;

fn is_fit(_limit: &u32) -> bool {
    true
}

#[backdoor_var(settable, validate = is_fit)]
static LIMIT: AtomicU32 = AtomicU32::new(3);

fn main() {}
