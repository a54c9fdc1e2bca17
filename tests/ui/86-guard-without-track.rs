use backdoor_runtime::TrackGuard;

struct Connection {
    track: TrackGuard<Self>,
}

fn main() {
    let connection = Connection { track: TrackGuard::new() };
    drop(connection.track);
}
