//! Clippy advises against the forms that the console requires: owned values, a parameter for each word and flag, `async` for the runtime
//! (author A22). Under clippy this file would not compile if the macro did not allow them.
#![deny(
    clippy::fn_params_excessive_bools,
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    clippy::unused_async
)]

use backdoor_runtime::backdoor_command;

use super::check;

#[backdoor_command(name = "lints many", reads)]
async fn many(
    one: String,
    two: String,
    three: String,
    four: Option<String>,
    a: bool,
    b: bool,
    c: bool,
    d: bool,
) -> usize {
    let four = four.as_deref().unwrap_or_default();
    let flags = [a, b, c, d].iter().filter(|flag| **flag).count();
    one.len() + two.len() + three.len() + four.len() + flags
}

/// The author's own lint levels still apply.
#[backdoor_command(name = "lints own", reads)]
#[expect(clippy::too_many_arguments)]
fn own(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) -> u8 {
    [a, b, c, d, e, f, g, h].iter().sum()
}

#[test]
fn regression_lints_of_the_signature_are_allowed() {
    check("lints many a b c --a --d", "5\n");
    check("lints own 1 2 3 4 5 6 7 8", "36\n");
}
