use backdoor_runtime::backdoor_command;

struct Cache;

impl Cache {
    #[backdoor_command]
    fn flush() {}
}

fn main() {}
