use backdoor_runtime::backdoor_command;

struct Oops;

#[backdoor_command]
fn stats() -> Result<(), Oops> {
    Ok(())
}

fn main() {}
