use backdoor_runtime::backdoor_command;

#[backdoor_command(timeout = "5 minutes")]
fn flush() {}

fn main() {}
