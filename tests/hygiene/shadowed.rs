//! The prelude under other names, and no `unsafe` or undocumented item allowed.
#![forbid(unsafe_code)]
#![deny(missing_docs, unused, deprecated)]
#![allow(
    dead_code,
    unused_macros,
    unreachable_pub,
    non_camel_case_types,
    clippy::upper_case_acronyms,
    reason = "what shadows is not used otherwise"
)]

use ::backdoor_runtime::{Choice, Track, TrackGuard, backdoor_command};

use super::check;

/// Not the one of the prelude.
pub struct Option;
/// Not the one of the prelude.
pub struct Result;
/// Not the one of the prelude.
pub struct String;
/// Not the one of the prelude.
pub struct Box;
/// Not the one of the prelude.
pub struct Vec;
/// Not the one of the prelude.
pub struct Default;
/// Not the one of the language.
pub struct str;
/// Not the one of the language.
pub struct bool;
/// Not the ones of the prelude.
#[allow(non_snake_case)]
pub fn Some() {}
/// Not the ones of the prelude.
#[allow(non_snake_case)]
pub fn None() {}
/// Not the ones of the prelude.
#[allow(non_snake_case)]
pub fn Ok() {}
/// Not the ones of the prelude.
#[allow(non_snake_case)]
pub fn Err() {}
/// Not the ones of the prelude.
pub trait From {}
/// Not the ones of the prelude.
pub trait Into {}
/// Not the ones of the prelude.
pub trait Iterator {}

mod std {}
mod core {}
mod backdoor_runtime {}

macro_rules! concat {
    () => {};
}
macro_rules! panic {
    () => {};
}

/// How loud.
#[derive(Choice, Clone, Copy, Debug, PartialEq)]
pub enum Loudness {
    /// Barely.
    #[choice(alias = "low")]
    Quiet,
    /// Very.
    Loud,
}

/// Counted.
#[derive(Track)]
pub struct Counted<T> {
    /// What it holds.
    pub item: T,
    #[track(guard)]
    counted: TrackGuard<Self>,
}

/// Shadowed
#[backdoor_command(name = "hygiene shadowed", aliases("hyg-shadowed"), reads, timeout = "5s")]
pub fn shadowed(
    /// How loud
    loudness: Loudness,
    #[arg(default = 1 + 1, range = 1..=9)] times: u8,
    #[arg(long)] why: ::std::option::Option<::std::string::String>,
    #[arg(long)] ids: ::std::vec::Vec<u32>,
    #[arg(long, from_str, default = ::std::net::Ipv4Addr::LOCALHOST)] at: ::std::net::Ipv4Addr,
    flag: ::std::primitive::bool,
) -> ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String> {
    ::std::result::Result::Ok(::std::option::Option::Some(::std::format!(
        "{loudness:?} {times} {why:?} {ids:?} {at} {flag}"
    )))
}

/// Shadowed
#[backdoor_command(name = "hygiene shadowed-async")]
pub async fn shadowed_async(#[arg(rest)] tail: ::std::string::String) -> ::std::string::String {
    tail
}

#[test]
fn the_prelude_may_be_shadowed() {
    check("hygiene shadowed low", "Quiet 2 None [] 127.0.0.1 false\n");
    check(
        "hyg-shadowed loud 3 --why x --ids 1 --ids 2 --at 10.0.0.1 --flag",
        "Loud 3 Some(\"x\") [1, 2] 10.0.0.1 true\n",
    );
    check("hygiene shadowed-async a  b", "a  b\n");
    let counted = Counted { item: 3, counted: TrackGuard::new() };
    assert!(::std::ptr::eq(counted.track_guard(), &counted.counted));
    let direct = shadowed(
        Loudness::Quiet,
        1,
        ::std::option::Option::None,
        ::std::vec::Vec::new(),
        ::std::net::Ipv4Addr::LOCALHOST,
        true,
    );
    assert!(direct.is_ok());
}
