use backdoor_runtime::backdoor_command;

#[backdoor_command(name = "")]
fn flush() {}

fn main() {}
