use backdoor_runtime::{Choice, backdoor_command};

#[derive(Choice)]
enum Level {
    Debug,
    Custom(u8),
}

// That the type is used is no further mistake.
#[backdoor_command]
fn log(level: Level) {
    drop(level);
}

fn main() {}
