use backdoor_runtime::Choice;

#[derive(Choice)]
enum Level {
    #[choice(nmae = "debug")]
    Debug,
}

fn main() {}
