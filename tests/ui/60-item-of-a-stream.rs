use backdoor_runtime::backdoor_command;

struct Stats;

#[backdoor_command]
fn drain() -> std::vec::IntoIter<Stats> {
    Vec::new().into_iter()
}

fn main() {}
