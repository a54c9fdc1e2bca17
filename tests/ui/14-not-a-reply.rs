use backdoor_runtime::backdoor_command;

struct Stats;

#[backdoor_command]
fn stats() -> Stats {
    Stats
}

fn main() {}
