use std::sync::atomic::AtomicU32;

use backdoor_runtime::backdoor_var;

fn is_fit(_limit: u32) -> Result<(), String> {
    Ok(())
}

#[backdoor_var(settable, validate = is_fit)]
static LIMIT: AtomicU32 = AtomicU32::new(3);

struct Unreadable;

fn judge(_limit: &u32) -> Result<(), Unreadable> {
    Ok(())
}

#[backdoor_var(settable, validate = judge)]
static OTHER: AtomicU32 = AtomicU32::new(3);

fn main() {}
