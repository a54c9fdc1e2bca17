use backdoor_runtime::backdoor_command;

#[backdoor_command(nmae = "log level")]
fn level() {}

fn main() {}
