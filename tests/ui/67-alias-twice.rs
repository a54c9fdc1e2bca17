use backdoor_runtime::backdoor_command;

#[backdoor_command(aliases("ll", "ll"))]
fn level() {}

fn main() {}
