use backdoor_runtime::Choice;

#[derive(Choice)]
enum Level {
    Debug,
    Custom(u8),
}

fn main() {}
