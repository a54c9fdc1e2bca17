use backdoor_runtime::backdoor_command;

struct Chunks;

impl Iterator for Chunks {
    type Item = Chunks;

    fn next(&mut self) -> Option<Chunks> {
        None
    }
}

#[backdoor_command]
fn chunks() -> Chunks {
    Chunks
}

fn main() {}
