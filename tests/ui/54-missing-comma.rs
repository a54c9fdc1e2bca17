use backdoor_runtime::backdoor_command;

#[backdoor_command(reads hidden)]
fn flush() {}

fn main() {}
