backdoor_runtime::commands_of!(net_debug);

fn main() {}
