use backdoor_runtime::Choice;

#[derive(Choice)]
enum Level<T> {
    Debug,
    Trace,
}

fn main() {}
