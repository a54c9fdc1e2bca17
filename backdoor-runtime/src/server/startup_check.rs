//! Problems that the macro cannot see: between commands of several crates, and between commands and the service's states. All of them are
//! reported at once.

use std::fmt;

use crate::base::causes::debug_as_display;
use crate::base::sort;
use crate::command::declare::is_reserved;
use crate::command::descriptor::{Command, Declared};
use crate::command::parameter::Parameter;
use crate::command::registry::{Entry, Registry};
use crate::command::shape::{Arity, Supply};
use crate::command::states::States;
use crate::server::unregistered;
use crate::views::vars;

/// One problem of the linked commands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Problem {
    /// Two commands have the same name or alias.
    DeclaredTwice {
        /// The name.
        name: String,
        /// Their places, as `file:line`.
        places: Vec<String>,
    },
    /// A command needs a state that the builder does not have.
    MissingState {
        /// The command.
        name: String,
        /// The type, without its path.
        state: String,
        /// The place of the command.
        place: String,
    },
    /// A command takes positional arguments, and its name is also a group of other commands.
    GroupWithArguments {
        /// The command.
        name: String,
        /// Its place.
        place: String,
    },
    /// Two parameters of a command have the same option.
    OptionTwice {
        /// The command.
        name: String,
        /// The option, with its dashes.
        option: String,
        /// The place of the command.
        place: String,
    },
    /// A command takes a reserved name.
    Reserved {
        /// The name or alias.
        name: String,
        /// The place of the command.
        place: String,
    },
    /// Two `#[backdoor_var]`s have the same name.
    VariableTwice {
        /// The name.
        name: String,
        /// Their places, as `file:line`.
        places: Vec<String>,
    },
    /// `commands_of!` names a crate, and no command or variable of it is linked in.
    NothingOfCrate {
        /// The crate.
        name: String,
        /// The place of the macro.
        place: String,
    },
    /// No command but the built-in ones is linked in.
    NothingLinked,
}

/// All problems of the linked commands, sorted by name. `Debug` reads as `Display`, for `unwrap`.
#[derive(Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

/// Checks the commands that are linked into this program, without the states that they need: a unit test of one line.
///
/// # Errors
/// All problems at once.
///
/// ```standalone_crate
/// # use backdoor_runtime::backdoor_command;
/// # #[backdoor_command] fn reload() {}
/// backdoor_runtime::check_commands().unwrap();
/// ```
pub fn check_commands() -> Result<(), Problems> {
    check(&Registry::linked(), None)
}

/// Checks the commands of a table, and that the states they need are present.
pub(crate) fn check(registry: &Registry, states: Option<&States>) -> Result<(), Problems> {
    let mut problems = Vec::new();
    declared_twice(registry, &mut problems);
    for (name, places) in vars::declared::declared_twice() {
        let places = places.iter().map(ToString::to_string).collect();
        problems.push(Problem::VariableTwice { name: name.to_owned(), places });
    }
    for entry in registry.entries() {
        reserved(entry.command, &mut problems);
        group_with_arguments(entry, registry, &mut problems);
        option_twice(entry.command, &mut problems);
        if let Some(states) = states {
            missing_states(entry.command, states, &mut problems);
        }
    }
    for missing in unregistered::missing() {
        let place = format!("{}:{}", from_its_crate(missing.file), missing.line);
        problems.push(Problem::NothingOfCrate { name: missing.krate.to_owned(), place });
    }
    let has_none = registry.entries().all(|entry| entry.command.is_builtin());
    if has_none && !vars::declared::has_declared() {
        problems.push(Problem::NothingLinked);
    }
    sort::sort_by(&mut problems, |one, other| {
        one.subject().cmp(other.subject()).then_with(|| one.cmp(other))
    });
    problems.dedup();
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

fn declared_twice(registry: &Registry, problems: &mut Vec<Problem>) {
    let authors = registry.entries().map(|entry| entry.command).filter(|command| !command.is_builtin());
    let mut places: Vec<(&str, &Declared)> =
        authors.flat_map(|command| command.names().map(|name| (name, &command.declared))).collect();
    sort::sort_by_key(&mut places, |(name, place)| (*name, place.file, place.line));
    for same in places.chunk_by(|one, other| one.0 == other.0).filter(|same| same.len() > 1) {
        let places = same.iter().map(|(_, place)| place.to_string()).collect();
        problems.push(Problem::DeclaredTwice { name: same[0].0.to_owned(), places });
    }
}

/// The macro has checked the name, but not the aliases, nor a group that begins with a reserved word.
fn reserved(command: &Command, problems: &mut Vec<Problem>) {
    if command.is_builtin() {
        return;
    }
    for name in command.names() {
        if is_reserved(name.split(' ').next().unwrap_or_default()) {
            problems.push(Problem::Reserved { name: name.to_owned(), place: command.declared.to_string() });
        }
    }
}

fn group_with_arguments(entry: &Entry, registry: &Registry, problems: &mut Vec<Problem>) {
    let command = entry.command;
    let takes_words =
        command.parameters.iter().any(|parameter| parameter.is_typed() && !parameter.is_option());
    if !takes_words || command.is_builtin() {
        return;
    }
    for name in command.names().filter(|name| registry.is_group(name)) {
        problems
            .push(Problem::GroupWithArguments { name: name.to_owned(), place: command.declared.to_string() });
    }
}

fn option_twice(command: &Command, problems: &mut Vec<Problem>) {
    for (at, parameter) in command.parameters.iter().enumerate() {
        let before = &command.parameters[..at];
        let mut twice = |option: String| {
            let (name, place) = (command.name.to_owned(), command.declared.to_string());
            problems.push(Problem::OptionTwice { name, option, place });
        };
        if let Some(long) = parameter.long() {
            let named = |other: &Parameter| other.long() == Some(long);
            let negated = |other: &Parameter| off(other).is_some() && off(other) == long.strip_prefix("no-");
            if before.iter().any(|other| named(other) || negated(other)) {
                twice(format!("--{long}"));
            }
        }
        if let Some(short) = parameter.short()
            && before.iter().any(|other| other.short() == Some(short))
        {
            twice(format!("-{short}"));
        }
        if let Some(long) = off(parameter) {
            let named =
                |other: &Parameter| other.long().and_then(|other| other.strip_prefix("no-")) == Some(long);
            if before.iter().any(|other| named(other) || off(other) == Some(long)) {
                twice(format!("--no-{long}"));
            }
        }
    }
}

/// The name behind the `--no-` of a flag.
fn off(parameter: &Parameter) -> Option<&'static str> {
    matches!(parameter.shape.arity, Arity::Flag).then(|| parameter.long()).flatten()
}

fn missing_states(command: &Command, states: &States, problems: &mut Vec<Problem>) {
    for parameter in command.parameters {
        if let Arity::Supplied(Supply::State { id, name }) = parameter.shape.arity
            && !states.has(id())
        {
            problems.push(Problem::MissingState {
                name: command.name.to_owned(),
                state: without_paths(name()),
                place: command.declared.to_string(),
            });
        }
    }
}

/// `alloc::sync::Arc<shop::cache::Cache>` as `Arc<Cache>`.
fn without_paths(name: &str) -> String {
    let mut short = String::new();
    for (at, c) in name.char_indices() {
        match c {
            ':' if name[at..].starts_with("::") => {
                let keep =
                    short.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |last| last + 1);
                short.truncate(keep);
            }
            ':' => {}
            c => short.push(c),
        }
    }
    short
}

/// The number of declarations in words.
fn times(places: &[String]) -> String {
    if places.len() == 2 { "twice".to_owned() } else { format!("{} times", places.len()) }
}

impl Problem {
    fn subject(&self) -> &str {
        match self {
            Self::DeclaredTwice { name, .. }
            | Self::MissingState { name, .. }
            | Self::GroupWithArguments { name, .. }
            | Self::OptionTwice { name, .. }
            | Self::VariableTwice { name, .. }
            | Self::NothingOfCrate { name, .. }
            | Self::Reserved { name, .. } => name,
            Self::NothingLinked => "",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeclaredTwice { name, places } => {
                write!(f, "command \"{name}\" is declared {}: {}", times(places), places.join(" and "))
            }
            Self::VariableTwice { name, places } => {
                write!(f, "variable \"{name}\" is declared {}: {}", times(places), places.join(" and "))
            }
            Self::MissingState { name, state, place } => write!(
                f,
                "command \"{name}\" needs State<{state}>, but the builder has none: add .state(..) ({place})"
            ),
            Self::GroupWithArguments { name, place } => {
                write!(
                    f,
                    "command \"{name}\" takes positional arguments and is also a group: rename one ({place})"
                )
            }
            Self::OptionTwice { name, option, place } => {
                write!(f, "command \"{name}\" has two parameters for `{option}`: rename one ({place})")
            }
            Self::Reserved { name, place } => {
                let word = name.split(' ').next().unwrap_or_default();
                write!(f, "command \"{name}\" cannot have this name: `{word}` is reserved ({place})")
            }
            Self::NothingOfCrate { name, place } => write!(
                f,
                "no command of `{name}` or variable is linked in: check its features, or remove it from `commands_of!` ({place})"
            ),
            Self::NothingLinked => f.write_str(
                "no commands are linked in; if they live in another crate, add \"backdoor_runtime::commands_of!(that_crate);\"",
            ),
        }
    }
}

impl Problems {
    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

debug_as_display!(Problems);

impl std::error::Error for Problems {}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", from_its_crate(self.file), self.line)
    }
}

/// `/build/registry/src/index/net-1.2.0/src/dbg.rs` as `net-1.2.0/src/dbg.rs`: the compiler gets an absolute path for a crate outside the
/// workspace, and the path on the build machine is not to be shown.
fn from_its_crate(file: &str) -> &str {
    match file.rfind("/src/") {
        Some(src) if file.starts_with('/') => {
            let krate = file[..src].rfind('/').map_or(0, |slash| slash + 1);
            &file[krate..]
        }
        _ => file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_from_its_crate() {
        let check = |file, short: &str| assert_eq!(from_its_crate(file), short);
        check("src/log.rs", "src/log.rs");
        check("crates/net/src/dbg.rs", "crates/net/src/dbg.rs");
        check("/build/registry/src/index/net-1.2.0/src/dbg.rs", "net-1.2.0/src/dbg.rs");
        check("/build/main.rs", "/build/main.rs");
    }

    #[test]
    fn a_type_is_named_without_its_paths() {
        let check = |name, short: &str| assert_eq!(without_paths(name), short);
        check("u8", "u8");
        check("shop::cache::Cache", "Cache");
        check("alloc::sync::Arc<shop::cache::Cache>", "Arc<Cache>");
        check("std::collections::HashMap<alloc::string::String, a::B>", "HashMap<String, B>");
        check("(a::B, [c::d::E; 3])", "(B, [E; 3])");
    }
}
