//! Rules that the compiler can check and the macro cannot, because they need the parameters' types: checked in const context on the
//! author's token.

use crate::command::parameter::{Parameter, Style};
use crate::command::shape::Arity;

/// Whether the name is reserved for the console.
pub(crate) const fn is_reserved(name: &str) -> bool {
    matches!(name.as_bytes(), b"help" | b"exit" | b"quit")
}

/// Options every command has.
const RESERVED_OPTIONS: [&str; 3] = ["json", "help", "yes"];

/// Checks the name of an author's command, on the function's name or the literal.
#[track_caller]
pub const fn check_name(name: &str) {
    if is_reserved(name) {
        Message::of(&["`", name, "` is reserved; choose another name with `name = \"..\"`"]).raise();
    }
}

/// Checks a parameter without keys, which is an option only if its type is a flag, on its pattern.
///
/// The compiler interprets this function for each parameter of each command, and a call costs as much as many statements: so there are few
/// statements for a correct parameter.
#[track_caller]
pub const fn check_parameter(parameters: &[Parameter], index: usize) {
    let own = &parameters[index];
    if let Some(why_not) = own.shape.why_not {
        Message::of(&["parameter `", own.name, "` cannot be an `Option`: ", why_not]).raise();
    }
    match own.shape.arity {
        Arity::Supplied(_) => return,
        Arity::Flag => return check_long(parameters, index),
        Arity::Required | Arity::Optional | Arity::Many => {}
    }
    let mut at = 0;
    while at < index {
        let other = &parameters[at];
        let other_may_be_absent = match (&other.style, &other.shape.arity) {
            (_, Arity::Supplied(_)) => false,
            (Style::Rest, _) | (Style::Positional, Arity::Many) => unreachable_after(own, other),
            (Style::Option { .. }, _) | (_, Arity::Flag) => false,
            (Style::Positional, Arity::Optional) => true,
            (Style::Positional, Arity::Required) => other.default.is_some(),
        };
        if other_may_be_absent && !own.may_be_absent() {
            Message::of(&[
                "required argument `",
                own.name,
                "` comes after optional argument `",
                other.name,
                "`; move it in front, give it a `default`, or make it an option with `#[arg(long)]`",
            ])
            .raise();
        }
        at += 1;
    }
}

#[track_caller]
const fn unreachable_after(own: &Parameter, other: &Parameter) -> ! {
    Message::of(&[
        "argument `",
        own.name,
        "` can never be reached: `",
        other.name,
        "` before it takes every remaining word",
    ])
    .raise();
}

/// Checks the long name of an option, on the literal or the parameter's name.
#[track_caller]
pub const fn check_long(parameters: &[Parameter], index: usize) {
    let own = &parameters[index];
    let Some(long) = own.long() else { return };
    let mut at = 0;
    while at < RESERVED_OPTIONS.len() {
        if same(long, RESERVED_OPTIONS[at]) {
            Message::of(&["`--", long, "` is reserved; choose another name with `#[arg(long = \"..\")]`"])
                .raise();
        }
        at += 1;
    }
}

/// Checks the letter of an option, on the literal or the key.
#[track_caller]
pub const fn check_short(parameters: &[Parameter], index: usize) {
    if let Some('h') = parameters[index].short() {
        panic!("`-h` is reserved, it shows the command's help; choose another letter with `short = '..'`");
    }
}

/// Checks a parameter with a pattern instead of a name, on the pattern.
#[track_caller]
pub const fn check_plain_name(parameters: &[Parameter], index: usize) {
    if !matches!(parameters[index].shape.arity, Arity::Supplied(_)) {
        panic!(
            "a parameter parsed from the command line needs a plain name, because `help` shows it to the operator; bind a name here and destructure in the body"
        );
    }
}

/// Checks a parameter with `#[arg(..)]`, on the attribute.
#[track_caller]
pub const fn check_supplied(parameters: &[Parameter], index: usize) {
    if matches!(parameters[index].shape.arity, Arity::Supplied(_)) {
        panic!("a parameter that the server supplies takes no `#[arg(..)]`; remove the attribute");
    }
}

/// Checks `default`, on the key.
#[track_caller]
pub const fn check_default(parameters: &[Parameter], index: usize) {
    if matches!(parameters[index].shape.arity, Arity::Optional) {
        panic!("an `Option` with a `default` can never be `None`; drop the `Option`, or the `default`");
    }
}

/// Checks `range`, on the key.
#[track_caller]
pub const fn check_range(parameters: &[Parameter], index: usize) {
    if matches!(parameters[index].shape.arity, Arity::Flag) {
        panic!("a flag has no value, so it cannot have a `range`; remove it");
    }
}

/// Checks `rest`, on the key.
#[track_caller]
pub const fn check_rest(parameters: &[Parameter], index: usize) {
    match parameters[index].shape.arity {
        Arity::Many => {
            panic!("`rest` is the tail of the line as one value; make the type `String` or `Option<String>`")
        }
        Arity::Flag => {
            panic!("`rest` is the tail of the line, so it cannot be a flag; make the type `String`")
        }
        Arity::Required | Arity::Optional | Arity::Supplied(_) => {}
    }
}

/// Checks `secret`, on the key.
#[track_caller]
pub const fn check_secret(parameters: &[Parameter], index: usize) {
    let own = &parameters[index];
    if matches!(own.shape.arity, Arity::Flag) {
        panic!("a flag has no value, so it cannot be `secret`; take the value as a `String`");
    }
    if !own.shape.choices.is_empty() {
        panic!("`help` lists the words of a choice, so it cannot be `secret`; remove the key");
    }
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A sentence built in const context, where there is no `format!`.
struct Message {
    bytes: [u8; Self::ROOM],
    length: usize,
}

impl Message {
    const ROOM: usize = 512;

    const fn of(parts: &[&str]) -> Self {
        let mut message = Self { bytes: [0; Self::ROOM], length: 0 };
        let mut part = 0;
        while part < parts.len() {
            let bytes = parts[part].as_bytes();
            let mut at = 0;
            while at < bytes.len() && message.length < Self::ROOM {
                message.bytes[message.length] = bytes[at];
                message.length += 1;
                at += 1;
            }
            part += 1;
        }
        message
    }

    #[track_caller]
    const fn raise(&self) -> ! {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => panic!("{}", text),
            Err(_) => panic!("the names of this command are too long"),
        }
    }
}
