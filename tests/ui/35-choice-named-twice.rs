use backdoor_runtime::Choice;

#[derive(Choice)]
enum Level {
    Debug,
    #[choice(alias = "debug")]
    Trace,
}

fn main() {}
