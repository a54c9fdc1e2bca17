use backdoor_runtime::backdoor_command;

#[backdoor_command(name = "log  level")]
fn level() {}

fn main() {}
