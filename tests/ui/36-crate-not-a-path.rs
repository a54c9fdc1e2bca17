use backdoor_runtime::backdoor_command;

#[backdoor_command(crate = "my_framework")]
fn flush() {}

fn main() {}
