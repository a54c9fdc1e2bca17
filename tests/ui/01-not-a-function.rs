use backdoor_runtime::backdoor_command;

#[backdoor_command]
struct Flush;

fn main() {}
