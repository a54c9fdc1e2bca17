use backdoor_runtime::backdoor_command;

struct Rows(*const u8);

impl Iterator for Rows {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        None
    }
}

#[backdoor_command]
async fn rows() -> Rows {
    Rows(std::ptr::null())
}

fn main() {}
