use backdoor_runtime::Choice;

#[derive(Choice)]
#[choice(serialize = true)]
enum Mode {
    Fast,
}

fn main() {}
