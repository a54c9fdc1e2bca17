use backdoor_runtime::Track;

#[derive(Track)]
enum State {
    Open,
}

fn main() {}
