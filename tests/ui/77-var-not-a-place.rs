use backdoor_runtime::backdoor_var;

pub struct Limit;

#[backdoor_var]
static LIMIT: Limit = Limit;

fn main() {}
