//! Commands in function bodies, from `macro_rules!`, through a re-exporting crate, and under attributes of the language.
#![deny(unused, deprecated, unused_qualifications, unreachable_pub)]

use backdoor_runtime::{Backdoor, Choice, backdoor_command};

use super::check;

#[test]
fn a_command_in_a_function_body_works() {
    const LIMIT: u8 = 3;

    #[derive(Choice, Clone, Copy)]
    enum Side {
        Left,
    }

    /// Inside
    #[backdoor_command(name = "hygiene inside")]
    fn inside(side: Side, #[arg(default = LIMIT)] n: u8) -> u8 {
        match side {
            Side::Left => n,
        }
    }

    check("hygiene inside left", "3\n");
    assert_eq!(inside(Side::Left, 1), 1);
}

macro_rules! counter {
    ($name:ident, $command:literal, $type:ty, $default:expr, $(#[$attribute:meta])*) => {
        $(#[$attribute])*
        #[backdoor_command(name = $command, reads)]
        fn $name(#[arg(default = $default, range = 0..=$default)] amount: $type, other: Option<$type>) -> $type {
            let value = amount;
            value + other.unwrap_or_default()
        }
    };
}

counter!(small, "hygiene small", u8, 3, #[doc = "Small"]);
counter!(large, "hygiene large", u64, 1 << 40, #[doc = "Large"]);

#[test]
fn a_command_may_come_from_a_macro() {
    check("hygiene small", "3\n");
    check("hygiene small 1 2", "3\n");
    check("hygiene large", "1099511627776\n");
    assert_eq!(small(1, None) as u64, large(1, None));
}

/// A framework that re-exports the console under its own name.
mod framework {
    pub(super) use backdoor_runtime as console;

    macro_rules! command {
        ($item:item) => {
            #[backdoor_runtime::backdoor_command(crate = $crate::surroundings::framework::console)]
            $item
        };
    }

    pub(super) use command;
}

#[derive(Choice, Clone, Copy, Debug)]
#[choice(crate = framework::console)]
enum Colour {
    Red,
}

#[backdoor_command(name = "hygiene framework", crate = framework::console)]
fn through_a_framework(#[arg(from_str)] n: u8, #[arg(long, default = Colour::Red)] colour: Colour) -> String {
    format!("{n} {colour:?}")
}

framework::command! {
    fn hygiene_command(n: u8) -> u8 {
        n
    }
}

#[test]
fn a_framework_may_bring_the_console_along() {
    check("hygiene framework 3", "3 Red\n");
    check("hygiene-command 4", "4\n");
    assert_eq!(through_a_framework(1, Colour::Red), "1 Red");
    assert_eq!(hygiene_command(1), 1);
}

#[backdoor_command(name = "hygiene cfg")]
#[cfg(unix)]
fn cfg() -> &'static str {
    "there"
}

#[backdoor_command(name = "hygiene cfg")]
#[cfg(not(unix))]
fn cfg() -> NoSuchType {
    "not there"
}

#[backdoor_command(name = "hygiene cfg-attr")]
#[cfg_attr(unix, cfg(not(unix)), allow(unused))]
fn cfg_attr() -> NoSuchType {}

#[test]
fn items_removed_by_cfg_are_no_commands() {
    check("hygiene cfg", "there\n");
    assert_eq!(cfg(), "there");
    assert!(Backdoor::testing().run("hygiene cfg-attr").error.is_some());
}

#[doc = concat!("Included", " text")]
///
#[doc = include_str!("surroundings.txt")]
#[backdoor_command(name = "hygiene doc", hidden)]
pub(crate) fn documented(
    #[doc = concat!("A ", "number")]
    #[allow(unused_variables, unused_mut)]
    mut n: u8,
    #[expect(unused_variables)] other: Option<u8>,
    mut third: Vec<u8>,
) -> usize {
    third.push(1);
    third.len()
}

#[test]
fn docs_may_be_put_together() {
    check("hygiene doc 1", "1\n");
    let help = Backdoor::testing().run("help hygiene doc").text;
    assert!(help.contains("Included text\n"), "{help}");
    assert!(help.contains("From a file.\n"), "{help}");
    assert!(help.contains("A number"), "{help}");
    assert_eq!(documented(1, None, Vec::new()), 1);
}

#[deprecated(note = "use another")]
#[backdoor_command(name = "hygiene deprecated")]
fn old() -> u8 {
    1
}

#[must_use]
#[inline(never)]
#[backdoor_command(name = "hygiene must-use")]
fn must_use() -> u8 {
    1
}

#[backdoor_command(name = "hygiene extern")]
extern "C" fn with_an_abi(n: u8) -> u8 {
    n
}

#[backdoor_command(name = "hygiene const")]
const fn constant(n: u8) -> u8 {
    n
}

/** The first paragraph

The second paragraph

    indented
 */
#[backdoor_command(name = "hygiene block-doc")]
pub(in crate::surroundings) fn block_doc() {}

#[test]
fn attributes_and_modifiers_stay_with_the_function() {
    check("hygiene deprecated", "1\n");
    check("hygiene must-use", "1\n");
    check("hygiene extern 3", "3\n");
    check("hygiene const 3", "3\n");
    check("hygiene block-doc", "");
    let help = Backdoor::testing().run("help hygiene block-doc").text;
    assert!(help.contains("\nThe first paragraph\n\nThe second paragraph\n\n    indented\n"), "{help}");
    const { assert!(constant(3) == 3) };
    assert_eq!(with_an_abi(must_use()), 1);
    block_doc();
}
