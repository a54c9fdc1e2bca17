use backdoor_runtime::backdoor_var;

#[backdoor_var]
const LIMIT: u32 = 3;

fn main() {}
