use backdoor_runtime::backdoor_var;

#[backdoor_var]
static mut LIMIT: u32 = 3;

fn main() {}
