use backdoor_runtime::Track;

#[derive(Track)]
union Word {
    bytes: [u8; 4],
    number: u32,
}

fn main() {}
