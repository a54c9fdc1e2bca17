use backdoor_runtime::backdoor_command;

#[derive(Debug)]
struct Cache;

impl Cache {
    #[backdoor_command]
    fn fresh() -> Self {
        Cache
    }
}

fn main() {}
