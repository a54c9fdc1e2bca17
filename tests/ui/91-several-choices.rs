use backdoor_runtime::Choice;

#[derive(Choice)]
enum Level {
    #[choice(nmae = "x")]
    Debug(u8),
    #[choice(name = "Info!", alias = "debug")]
    Info,
    #[choice]
    Trace {
        depth: u8,
    },
}

fn main() {}
