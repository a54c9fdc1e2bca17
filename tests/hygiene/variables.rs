//! Variables in surroundings in which a careless expansion would not compile.
#![deny(unused, deprecated, missing_docs, unused_qualifications, unreachable_pub)]
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU32, Ordering};

use backdoor_runtime::{Backdoor, backdoor_var};

/// Shadow what a careless expansion would name.
mod shadowed {
    use std::sync::Mutex;

    pub(super) enum Option {
        Nothing,
    }
    #[expect(dead_code, reason = "it shadows")]
    pub(super) struct Some;
    #[expect(dead_code, reason = "it shadows")]
    pub(super) struct String;

    /// An alias is no type by its name
    type Inside = Mutex<u8>;

    #[backdoor_runtime::backdoor_var(settable, range = LOW..)]
    pub(super) static HYGIENE_SHADOWED: Inside = Mutex::new(LOW + 1);

    const LOW: u8 = 1;
}

#[test]
fn names_of_the_author_do_not_conflict() {
    let _ = shadowed::Option::Nothing;
    let console = Backdoor::testing();
    assert_eq!(
        console.run("set hygiene-shadowed 0").error.unwrap(),
        "hygiene-shadowed: 0 is out of range 1.."
    );
    assert_eq!(console.run("set hygiene-shadowed 7").error, None);
    assert_eq!(*shadowed::HYGIENE_SHADOWED.lock().unwrap(), 7);
}

#[test]
fn a_variable_in_a_function_body_works() {
    fn is_fit(number: &u32) -> Result<(), &'static str> {
        if *number < 9 { Ok(()) } else { Err("too many") }
    }

    /// Inside
    #[backdoor_var(settable, validate = is_fit)]
    static HYGIENE_INSIDE: AtomicU32 = AtomicU32::new(1);

    let console = Backdoor::testing();
    assert_eq!(console.run("set hygiene-inside 9").error.unwrap(), "hygiene-inside: too many");
    assert_eq!(console.run("set hygiene-inside 8").error, None);
    assert_eq!(HYGIENE_INSIDE.load(Ordering::Relaxed), 8);
}

macro_rules! counter {
    ($name:ident, $variable:literal, $type:ty, $value:expr) => {
        #[backdoor_var(name = $variable, settable)]
        static $name: $type = $value;
    };
}

counter!(MADE, "hygiene-made", AtomicU32, AtomicU32::new(4));

#[deprecated(note = "use another")]
#[backdoor_var(unit = "s")]
#[cfg(unix)]
static HYGIENE_OLD: AtomicU32 = AtomicU32::new(2);

#[backdoor_var]
#[cfg(not(unix))]
static HYGIENE_OLD: NoSuchType = NoSuchType;

mod framework {
    pub(super) use backdoor_runtime::*;
}

#[backdoor_var(name = "hygiene-framework", crate = framework)]
static THROUGH: AtomicU32 = AtomicU32::new(5);

#[test]
fn macros_attributes_and_frameworks() {
    let console = Backdoor::testing();
    let value = |name: &str| console.run(&format!("get {name}")).value["value"].clone();
    assert_eq!(value("hygiene-made"), 4);
    assert_eq!(value("hygiene_old"), 2);
    assert_eq!(value("hygiene-framework"), 5);
    assert_eq!(MADE.load(Ordering::Relaxed) + THROUGH.load(Ordering::Relaxed), 9);
}
