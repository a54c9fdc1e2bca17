//! The macros' expansions need nothing from the prelude (author A5).
#![no_implicit_prelude]

use ::backdoor_runtime as bd;
use ::std::option::Option;
use ::std::result::Result;
use ::std::string::String;
use ::std::sync::Mutex;
use ::std::vec::Vec;

use bd::{Choice, Track, TrackGuard, backdoor_command, backdoor_var};

use super::{check, check_json};

// Without the prelude, a crate is found only by a path from the root.
bd::commands_of!(linked);

/// How fast
#[derive(Choice, ::std::clone::Clone, ::std::cmp::PartialEq)]
#[choice(serialize)]
enum Speed {
    /// As it comes
    Slow,
    #[choice(name = "very-fast", alias = "vf")]
    Fast,
}

#[derive(Track)]
struct Counted {
    track: TrackGuard<Self>,
}

#[backdoor_var(name = "np-speed", settable, validate = is_fit, on_change = told)]
static SPEED: Mutex<Speed> = Mutex::new(Speed::Slow);

#[backdoor_var(name = "np-limit", settable, range = 1..=5, unit = "orders", trend)]
static LIMIT: Mutex<Option<u32>> = Mutex::new(Option::None);

fn is_fit(_speed: &Speed) -> Result<(), String> {
    Result::Ok(())
}

fn told(_speed: &Speed) {}

fn words(_start: &str) -> Vec<String> {
    Vec::new()
}

#[backdoor_command(name = "np all", reads, aliases("np a"), timeout = "5s")]
fn all(
    speed: Speed,
    #[arg(default = 3, range = 1..=9)] times: u8,
    #[arg(long, short)] why: Option<String>,
    #[arg(long, from_str)] port: Option<u16>,
    #[arg(long, complete = words)] tags: Vec<String>,
    loud: bool,
) -> Result<Speed, String> {
    ::std::mem::drop((times, why, port, tags, loud));
    Result::Ok(speed)
}

#[backdoor_command(name = "np async", dangerous)]
async fn asynchronous(#[arg(rest)] tail: Option<String>) -> Option<String> {
    tail
}

#[backdoor_command(name = "np rows", reads)]
fn rows() -> Vec<Speed> {
    ::std::vec![Speed::Slow, Speed::Fast]
}

#[test]
fn regression_nothing_of_the_prelude_is_needed() {
    check("np all vf --tags a --why x", "very-fast\n");
    check_json("np all slow", "\"slow\"");
    check("np async --yes a b", "a b\n");
    let info = bd::build_info!();
    ::std::assert_eq!(info.package, Option::Some("tests"));
    let counted = Counted { track: TrackGuard::new() };
    ::std::assert!(::std::ptr::eq(counted.track_guard(), &counted.track));
    let console = bd::Backdoor::testing();
    ::std::assert_eq!(console.run("set np-speed=vf np-limit=5").error, Option::None);
}

/// It was `Low` in the table, and `low` on the line (newcomer 1.2 g).
#[test]
fn regression_the_words_of_a_choice_are_shown_as_they_are_typed() {
    check("np rows", "slow\nvery-fast\n");
    check_json("np rows", "[\"slow\",\"very-fast\"]");
}
