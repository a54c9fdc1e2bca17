use backdoor_runtime::backdoor_command;

struct Cache;

impl Cache {
    const SIZE: usize = 3;

    #[backdoor_command]
    fn size() -> usize {
        Self::SIZE
    }
}

fn main() {}
