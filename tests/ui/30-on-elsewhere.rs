use backdoor_runtime::backdoor_command;

#[backdoor_command(on = worker)]
fn flush() {}

fn main() {}
