//! Commands in a dependency crate with an author's strictest lints.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

use backdoor_runtime::{Choice, backdoor_command};

/// How to say it.
#[derive(Choice, Debug)]
pub enum Tone {
    /// In small letters
    Low,
    /// In capitals
    High,
}

/// Say where this command comes from
#[backdoor_command(name = "args from linked", aliases("afl"), reads)]
fn from_linked() -> &'static str {
    "linked"
}

/// Say it in one's own words
#[backdoor_command(name = "linked say", reads)]
pub fn say(tone: Tone, #[arg(long, default = 1, range = 1..=3)] times: usize) -> String {
    let word = match tone {
        Tone::Low => "linked",
        Tone::High => "LINKED",
    };
    [word].repeat(times).join(" ")
}
