use backdoor_runtime::backdoor_command;

#[backdoor_command(name = "a", name = "b")]
fn flush() {}

fn main() {}
