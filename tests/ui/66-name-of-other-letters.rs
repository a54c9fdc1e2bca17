use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn größe() {}

fn main() {}
