use backdoor_runtime::backdoor_command;

#[backdoor_command(description = "flush the cache")]
fn flush() {}

fn main() {}
