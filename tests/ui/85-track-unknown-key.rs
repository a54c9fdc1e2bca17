use backdoor_runtime::{Track, TrackGuard};

#[derive(Track)]
#[track]
struct Connection {
    #[track(gaurd)]
    counted: TrackGuard<Self>,
}

fn main() {}
