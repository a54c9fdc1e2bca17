use backdoor_runtime::backdoor_command;

#[backdoor_command(reads, dangerous)]
fn flush() {}

fn main() {}
