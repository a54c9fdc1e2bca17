use backdoor_runtime::backdoor_command;

#[backdoor_command(hidden = true)]
fn level() {}

fn main() {}
