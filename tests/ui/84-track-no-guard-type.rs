use backdoor_runtime::Track;

#[derive(Track)]
struct Train {
    track: u32,
}

fn main() {}
