use backdoor_runtime::backdoor_var;

#[backdoor_var(nmae = "limit", range = 5..=1, trend = 3, on_change = "told")]
static mut LIMIT: u32 = 3;

fn main() {}
