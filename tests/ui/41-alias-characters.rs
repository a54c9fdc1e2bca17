use backdoor_runtime::backdoor_command;

#[backdoor_command(aliases("ll", "-l"))]
fn level() {}

fn main() {}
