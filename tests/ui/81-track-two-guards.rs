#![allow(dead_code)]

use backdoor_runtime::{Track, TrackGuard};

#[derive(Track)]
struct Connection {
    track: TrackGuard<Self>,
    again: TrackGuard<Self>,
}

#[derive(Track)]
struct Pool<T> {
    items: Vec<T>,
    #[track(guard)]
    one: TrackGuard<Self>,
    #[track(guard)]
    other: TrackGuard<Self>,
}

fn main() {}
