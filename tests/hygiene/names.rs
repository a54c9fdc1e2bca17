//! Parameters, items and options with names that an expansion might use.
#![allow(non_upper_case_globals, dead_code, reason = "names that collide on purpose")]

use backdoor_runtime::backdoor_command;

use super::check;

const call: u8 = 1;
const takers: u8 = 2;
const function: u8 = 3;
const value: u8 = 4;
const probe: u8 = 5;
static step: u8 = 6;
static more: u8 = 7;
static last: u8 = 8;
static person: u8 = 9;
const machine: u8 = 10;
const item_probe: u8 = 11;
const value_0: u8 = 12;
const items: u8 = 13;
const shown: u8 = 14;
const private: u8 = 15;
static COMMAND: u8 = 16;
struct Command;
struct Parameter;
struct Call;

/// Constants in patterns would be matched instead of bound
#[backdoor_command(name = "hygiene constants", reads)]
fn constants(
    #[arg(default = value)] one: u8,
    #[arg(long, default = call + takers + function + machine + item_probe + value_0)] two: u8,
    #[arg(long, default = step + more + last + person + COMMAND, range = 0..=private + 100)] three: u8,
    #[arg(long, from_str, default = probe + items + shown)] four: u8,
) -> [u8; 4] {
    [one, two, three, four]
}

mod parameters {
    use backdoor_runtime::backdoor_command;

    #[backdoor_command(name = "hygiene parameters")]
    #[allow(clippy::too_many_arguments)]
    pub(super) fn parameters(
        call: u8,
        takers: u8,
        function: u8,
        value: u8,
        show: u8,
        probe: u8,
        r#type: u8,
        __backdoor: u8,
        __backdoor_call: u8,
        __backdoor_function: u8,
    ) -> u8 {
        call + takers
            + function
            + value
            + show
            + probe
            + r#type
            + __backdoor
            + __backdoor_call
            + __backdoor_function
    }

    #[backdoor_command(name = "hygiene call")]
    pub(super) fn call() -> &'static str {
        "call"
    }

    #[backdoor_command(name = "hygiene probe")]
    pub(super) async fn probe() -> &'static str {
        "probe"
    }

    #[backdoor_command(name = "hygiene take")]
    pub(super) fn take(bounds: u8) -> u8 {
        bounds
    }

    #[backdoor_command]
    pub(super) fn r#match(#[arg(long)] r#type: u8, #[arg(short)] _under_score: u8) -> u8 {
        r#type + _under_score
    }
}

/// A trait with our methods' names that is implemented for every type.
trait Methods: Sized {
    fn peel(&self) -> u8 {
        1
    }
    fn person(&self) -> u8 {
        2
    }
    fn machine(&self) -> u8 {
        3
    }
    fn items(&self) -> u8 {
        4
    }
}

impl<T> Methods for T {}

#[backdoor_command(name = "hygiene methods")]
fn methods(#[arg(default = 0_u8.peel() + 0_u8.person() + 0_u8.machine() + 0_u8.items())] n: u8) -> u8 {
    n
}

#[test]
fn constants_and_statics_are_left_alone() {
    check("hygiene constants", "4\n39\n46\n32\n");
    assert_eq!(constants(1, 2, 3, 4), [1, 2, 3, 4]);
}

#[test]
fn names_of_parameters_and_functions_are_free() {
    check("hygiene parameters 1 1 1 1 1 1 1 1 1 1", "10\n");
    check("hygiene call", "call\n");
    check("hygiene probe", "probe\n");
    check("hygiene take 3", "3\n");
    check("match --type 3 -u 4", "7\n");
    assert_eq!(parameters::parameters(1, 1, 1, 1, 1, 1, 1, 1, 1, 1), 10);
    assert_eq!(parameters::call(), "call");
    assert_eq!(parameters::take(1), 1);
    assert_eq!(parameters::r#match(1, 2), 3);
    drop(parameters::probe());
}

#[test]
fn methods_on_every_type_are_left_alone() {
    check("hygiene methods", "10\n");
    assert_eq!(methods(1), 1);
}
