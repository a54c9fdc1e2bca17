use backdoor_runtime::backdoor_command;

#[backdoor_command(name = log_level)]
fn level() {}

fn main() {}
