use backdoor_runtime::Track;

#[derive(Track)]
struct Connection {
    peer: String,
}

#[derive(Track)]
struct Pair(u8, u8);

fn main() {}
