use std::sync::Mutex;
use std::sync::atomic::AtomicU32;

use backdoor_runtime::backdoor_var;

fn told(_old: &u32, _new: &u32) {}

#[backdoor_var(settable, on_change = told)]
static LIMIT: AtomicU32 = AtomicU32::new(3);

fn resize(name: String) -> usize {
    name.len()
}

#[backdoor_var(settable, on_change = resize)]
static NAME: Mutex<String> = Mutex::new(String::new());

fn main() {}
