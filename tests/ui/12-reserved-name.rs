use backdoor_runtime::backdoor_command;

#[backdoor_command]
fn help() {}

fn main() {}
