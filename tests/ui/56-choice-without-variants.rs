use backdoor_runtime::Choice;

#[derive(Choice)]
enum Level {}

fn main() {}
