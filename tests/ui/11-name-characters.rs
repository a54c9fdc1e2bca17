use backdoor_runtime::backdoor_command;

#[backdoor_command(name = "Log level!")]
fn level() {}

fn main() {}
