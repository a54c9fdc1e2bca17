use backdoor_runtime::Choice;

#[derive(Choice)]
struct Level;

fn main() {}
