//! The types of parameters decide, not their names; and long signatures.

use backdoor_runtime::{ArgError, Backdoor, Console, FromArg, Session, State, Status, backdoor_command};

use super::{check, check_error};

type Maybe = Option<u8>;
type All = Vec<Text>;
type Text = String;
type Switch = bool;
/// Every console supplies this state: any other would have to be given by each test of this binary that starts one.
type Held = State<Console>;
type Pair<T> = Result<T, Text>;

/// A type of the author that is a flag.
struct On(bool);

impl FromArg for On {
    const NAME: &'static str = "on";
    const IS_FLAG: bool = true;

    fn from_arg(word: &str) -> Result<Self, ArgError> {
        Ok(On(word == "true"))
    }
}

/// A type with the name of one of ours.
mod own {
    #[derive(Debug)]
    #[expect(dead_code, reason = "only `Debug` reads it")]
    pub(super) struct Option(pub(super) u8);

    impl std::str::FromStr for Option {
        type Err = std::num::ParseIntError;

        fn from_str(word: &str) -> Result<Self, Self::Err> {
            word.parse().map(Option)
        }
    }
}

#[backdoor_command(name = "hygiene aliases")]
fn aliases(maybe: Maybe, switch: Switch, State(held): Held, all: All) -> Pair<Text> {
    Ok(format!("{maybe:?} {switch} {} {all:?}", held.service().name))
}

#[backdoor_command(name = "hygiene own")]
fn own(#[arg(from_str)] one: own::Option, three: On, #[arg(from_str)] two: Option<own::Option>) -> String {
    format!("{one:?} {two:?} {}", three.0)
}

/// How it is
#[backdoor_command(name = "hygiene conditions")]
#[cfg_attr(unix, doc = "on unix")]
#[cfg_attr(windows, doc = "on windows")]
fn conditions(
    #[cfg_attr(unix, arg(long), doc = "A byte")] by: u8,
    #[cfg_attr(not(unix), arg(long))] of: u8,
    #[cfg_attr(all(unix, not(windows)), cfg_attr(true, arg(short = 'w'), allow(unused_variables)))]
    with: Option<u8>,
) -> u8 {
    by - of
}

#[test]
fn cfg_attr_of_arg_and_docs_is_taken() {
    check("hygiene conditions 3 --by 5 -w 1", "2\n");
    let console = Backdoor::testing();
    assert_eq!(console.run("hygiene conditions --of 1").status, Status::Usage);
    let help = console.run("help hygiene conditions").text;
    for text in ["How it is on unix", "--by <number>", "A byte", "-w <number>"] {
        assert!(help.contains(text), "{text}: {help}");
    }
    assert!(!help.contains("windows"), "{help}");
}

#[backdoor_command(name = "hygiene from-str")]
fn from_str(
    #[arg(from_str, range = 1..=5)] one: Maybe,
    #[arg(long, from_str, range = 1..=5)] many: Vec<u8>,
    #[arg(long, from_str, default = vec![7, 8])] defaulted: Vec<u8>,
) -> String {
    format!("{one:?} {many:?} {defaulted:?}")
}

#[backdoor_command(name = "hygiene twenty")]
#[allow(clippy::too_many_arguments)]
fn twenty(
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    e: u8,
    f: u8,
    g: u8,
    i: u8,
    j: u8,
    k: u8,
    #[arg(long)] l: Option<u8>,
    #[arg(long)] m: Option<u8>,
    #[arg(long)] n: Option<u8>,
    #[arg(long)] o: Option<u8>,
    #[arg(long)] p: Option<u8>,
    #[arg(short, default = 1)] q: u8,
    #[arg(short, default = 2)] r: u8,
    s: bool,
    _session: Session,
    #[arg(rest)] t: Option<String>,
) -> String {
    let required = [a, b, c, d, e, f, g, i, j, k].map(u32::from).iter().sum::<u32>();
    format!("{required} {:?} {q} {r} {s} {t:?}", [l, m, n, o, p])
}

#[test]
fn type_aliases_act_as_their_type() {
    let console = Backdoor::testing();
    assert_eq!(console.run("hygiene aliases").text, "None false test []\n");
    assert_eq!(console.run("hygiene aliases 3 a b --switch").text, "Some(3) true test [\"a\", \"b\"]\n");
}

#[test]
fn types_with_familiar_names_keep_their_kind() {
    check("hygiene own 3 4 --three", "Option(3) Some(Option(4)) true\n");
    check_error("hygiene own", Status::Usage, "missing argument <one>");
    assert_eq!(own(own::Option(1), On(false), None), "Option(1) None false");
}

#[test]
fn from_str_reaches_into_option_and_vec() {
    check("hygiene from-str", "None [] [7, 8]\n");
    check("hygiene from-str 3 --many 1 --many 5 --defaulted 9", "Some(3) [1, 5] [9]\n");
    check_error("hygiene from-str 6", Status::Usage, "one: 6 is out of range 1..=5");
    check_error("hygiene from-str --many 6", Status::Usage, "--many: 6 is out of range 1..=5");
    assert_eq!(from_str(None, Vec::new(), Vec::new()), "None [] []");
}

#[test]
fn twenty_parameters_are_not_too_many() {
    check(
        "hygiene twenty 1 1 1 1 1 1 1 1 1 1 --l 3 -q 9 --s the rest",
        "10 [Some(3), None, None, None, None] 9 2 true Some(\"the rest\")\n",
    );
}
