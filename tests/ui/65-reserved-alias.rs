use backdoor_runtime::backdoor_command;

#[backdoor_command(aliases("wipe", "quit"))]
fn flush() {}

fn main() {}
