use backdoor_runtime::{Track, TrackGuard};

#[derive(Track)]
struct Connection(String, TrackGuard<Self>);

fn main() {}
