use backdoor_runtime::Choice;

#[derive(Choice)]
enum Level<const N: usize> {
    Debug,
    Trace,
}

fn main() {}
