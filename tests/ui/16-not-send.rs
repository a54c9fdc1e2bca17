use backdoor_runtime::backdoor_command;
use std::future::ready;

struct Held(*const u8);

#[backdoor_command]
async fn wait() -> bool {
    let held = Held(std::ptr::null());
    ready(()).await;
    held.0.is_null()
}

fn main() {}
