//! The command table: every linked command, found by the words that the operator types.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock};

use tokio::sync::Mutex;

use crate::base::suggest;
use crate::command::declare::is_reserved;
use crate::command::descriptor::Command;
use crate::command::facts::Facts;
use crate::command::secrecy::{Judge, Secrecy};

/// What generated code hands to `inventory`.
pub struct Registered(pub &'static Command);

inventory::collect!(Registered);

/// What stands in front of the name of a built-in that an author's command has taken.
pub(crate) const BUILTIN_PREFIX: &str = "sys";

/// The commands of one console.
pub(crate) struct Registry {
    /// Authors' first, each kind by name.
    entries: Vec<Entry>,
    /// All of them by name.
    sorted: Vec<usize>,
    names: Names,
    /// The most words a name has.
    longest: usize,
    /// Those of the built-ins' parameters.
    judges: Vec<&'static Judge>,
}

type Names = HashMap<Name, Named, BuildHasherDefault<WordHasher>>;

/// What is typed: as declared, or `sys NAME`.
pub(crate) type Name = Cow<'static, str>;

/// What a name stands for.
#[derive(Default)]
struct Named {
    entry: Option<usize>,
    /// The words that may follow where names go on behind this one, with none that are hidden.
    members: Option<Vec<&'static str>>,
}

/// A hash that takes a machine word at a time. Names were written by authors, so that nobody can make them collide.
#[derive(Default)]
struct WordHasher(u64);

impl WordHasher {
    fn mix(&mut self, word: u64) {
        // As FxHash does it, with Knuth's multiplier: 2^64 divided by the golden ratio.
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        self.mix(rest.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)));
    }

    fn write_u8(&mut self, _end: u8) {
        // `str` ends with one, to tell the parts of a larger key apart. A name is the whole key.
    }

    fn finish(&self) -> u64 {
        // The product's high bits are the mixed ones, and the table begins with the low ones.
        self.0.rotate_left(26)
    }
}

/// One command in the table.
pub(crate) struct Entry {
    pub(crate) command: &'static Command,
    /// What the operator types: the declared name, or `sys NAME` for a built-in whose name the author took.
    pub(crate) name: Name,
    /// Made when it is first asked for: most commands never are.
    evaluation: OnceLock<Arc<Evaluation>>,
}

/// The texts of the command that need code of the author.
#[derive(Default)]
pub(crate) struct Evaluation {
    /// Evaluated once, where the author's code may run.
    pub(crate) facts: OnceLock<Facts>,
    /// Held while that goes on.
    pub(crate) evaluating: Arc<Mutex<()>>,
}

/// What the first words of a line stand for.
pub(crate) enum Found<'a> {
    Command {
        entry: &'a Entry,
        /// How many words the name took.
        words: usize,
    },
    Group {
        name: &'a str,
        members: &'a [&'static str],
        words: usize,
    },
    Unknown,
}

impl Entry {
    fn new(command: &'static Command, name: Name) -> Self {
        Self { command, name, evaluation: OnceLock::new() }
    }

    pub(crate) fn evaluation(&self) -> &Arc<Evaluation> {
        self.evaluation.get_or_init(Arc::default)
    }

    /// What the author's code has said, if it was asked.
    pub(crate) fn facts(&self) -> Option<&Facts> {
        self.evaluation.get()?.facts.get()
    }
}

fn first_word(words: &'static str) -> &'static str {
    words.split(' ').next().unwrap_or_default()
}

/// The first 16 bytes of a name as a number that sorts as they do: comparing numbers is what makes sorting thousands of names cheap.
fn prefix(name: &str) -> u128 {
    let mut bytes = [0; 16];
    let length = name.len().min(bytes.len());
    bytes[..length].copy_from_slice(&name.as_bytes()[..length]);
    u128::from_be_bytes(bytes)
}

/// Sorts by name, and those of one name by their place in the source, since linking has no order.
fn sorted(commands: impl Iterator<Item = &'static Command>) -> impl Iterator<Item = &'static Command> {
    let mut commands: Vec<_> = commands.map(|command| (prefix(command.name), command)).collect();
    let place = |command: &'static Command| (command.name, command.declared.file, command.declared.line);
    commands.sort_by(|one, other| one.0.cmp(&other.0).then_with(|| place(one.1).cmp(&place(other.1))));
    commands.into_iter().map(|(_, command)| command)
}

/// Words as names are spelled. No name has a word with a space in it.
pub(crate) fn spelled<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let mut name = String::new();
    for word in words.take_while(|word| !word.contains(' ')) {
        if !name.is_empty() {
            name.push(' ');
        }
        name.extend(word.chars().map(|c| if c == '_' { '-' } else { c }));
    }
    name
}

impl Registry {
    /// Every command that is linked into the process.
    pub(crate) fn linked() -> Self {
        Self::of(inventory::iter::<Registered>.into_iter().map(|registered| registered.0))
    }

    /// The same without the commands of these crates.
    pub(crate) fn linked_without(crates: &[String]) -> Self {
        let commands = inventory::iter::<Registered>.into_iter().map(|registered| registered.0);
        Self::of(commands.filter(|command| !crates.iter().any(|krate| krate == command.declared.krate())))
    }

    pub(crate) fn of(commands: impl IntoIterator<Item = &'static Command>) -> Self {
        let (builtins, authors): (Vec<_>, Vec<_>) =
            commands.into_iter().partition(|command| command.is_builtin());
        let count = authors.len() + builtins.len();
        let mut registry = Self {
            entries: Vec::with_capacity(count),
            sorted: Vec::new(),
            names: HashMap::with_capacity_and_hasher(count, <_>::default()),
            longest: 1,
            judges: Vec::new(),
        };
        for parameter in builtins.iter().flat_map(|command| command.parameters) {
            if let Secrecy::Judged(judge) = parameter.secrecy
                && !registry.judges.iter().any(|known| std::ptr::eq(*known, judge))
            {
                registry.judges.push(judge);
            }
        }
        // Authors' commands first, so that the first to take a name keeps it and a built-in gives way.
        registry.add(sorted(authors.into_iter()).map(|command| Entry::new(command, command.name.into())));
        let given: Vec<Entry> = sorted(builtins.into_iter())
            .map(|command| match registry.is_taken_from(command) {
                true => Entry::new(command, format!("{BUILTIN_PREFIX} {}", command.name).into()),
                false => Entry::new(command, command.name.into()),
            })
            .collect();
        let first = registry.entries.len();
        registry.add(given.into_iter());
        // By this name each of them can be called, whatever authors take.
        for at in first..registry.entries.len() {
            let Entry { command, name, .. } = &registry.entries[at];
            let by_sys = format!("{BUILTIN_PREFIX} {}", command.name);
            let hidden = command.hidden || by_sys != *name;
            registry.add_name(by_sys.into(), command.name, at, hidden);
        }
        for members in registry.names.values_mut().filter_map(|named| named.members.as_mut()) {
            members.sort_unstable();
            members.dedup();
        }
        registry.sorted = (0..registry.entries.len()).collect();
        registry.sorted.sort_by(|&one, &other| registry.entries[one].name.cmp(&registry.entries[other].name));
        registry
    }

    /// Whether an author's command has the name of this built-in, or a group of that name is in its arguments' way. To be asked while
    /// there are no others than authors'.
    fn is_taken_from(&self, command: &Command) -> bool {
        if is_reserved(command.name) {
            return false;
        }
        let takes_words =
            command.parameters.iter().any(|parameter| parameter.is_typed() && !parameter.is_option());
        self.get(command.name).is_some() || (takes_words && self.is_group(command.name))
    }

    /// Adds commands. Their names come before their aliases.
    fn add(&mut self, entries: impl Iterator<Item = Entry>) {
        let first = self.entries.len();
        self.entries.extend(entries);
        for at in first..self.entries.len() {
            let Entry { command, name, .. } = &self.entries[at];
            self.add_name(name.clone(), command.name, at, command.hidden);
        }
        for at in first..self.entries.len() {
            let command = self.entries[at].command;
            for alias in command.aliases {
                self.add_name((*alias).into(), alias, at, command.hidden);
            }
        }
    }

    /// Adds a name, which ends as it was declared, and its words to the groups that it goes through. Who took it before keeps it.
    fn add_name(&mut self, name: Name, declared: &'static str, at: usize, hidden: bool) {
        let mut words = 1;
        for (space, _) in name.match_indices(' ') {
            words += 1;
            let group = match &name {
                Cow::Borrowed(name) => Cow::Borrowed(&name[..space]),
                Cow::Owned(name) => Cow::Owned(name[..space].to_owned()),
            };
            let members = self.names.entry(group).or_default().members.get_or_insert_default();
            if !hidden {
                members.push(first_word(&declared[declared.len() - (name.len() - space - 1)..]));
            }
        }
        self.longest = self.longest.max(words);
        self.names.entry(name).or_default().entry.get_or_insert(at);
    }

    /// All commands, by name.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> + Clone {
        self.sorted.iter().map(|&at| &self.entries[at])
    }

    /// The command with this name or alias, words separated by single spaces.
    pub(crate) fn get(&self, name: &str) -> Option<&Entry> {
        self.names.get(name)?.entry.map(|at| &self.entries[at])
    }

    /// The words that may follow a group's name, where there are any that are not hidden.
    pub(crate) fn members(&self, group: &str) -> Option<&[&'static str]> {
        self.names.get(group)?.members.as_deref().filter(|members| !members.is_empty())
    }

    /// Whether names go on behind this one, hidden ones too.
    pub(crate) fn is_group(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|named| named.members.is_some())
    }

    /// What decides which words of a line are secret, where that is not in the table of its command.
    pub(crate) fn judges(&self) -> &[&'static Judge] {
        &self.judges
    }

    /// The most words a name has.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// The longest name or group that the words begin with, which are separated by single spaces and spelled with `-`.
    pub(crate) fn find(&self, words: &str) -> Found<'_> {
        let mut found = Found::Unknown;
        let spaces = words.bytes().enumerate().filter(|&(_, byte)| byte == b' ').map(|(at, _)| at);
        let ends = spaces.chain([words.len()]);
        for (at, end) in ends.take(self.longest).enumerate() {
            let Some((name, named)) = self.names.get_key_value(&words[..end]) else { break };
            if let Some(entry) = named.entry {
                found = Found::Command { entry: &self.entries[entry], words: at + 1 };
            } else if let Some(members) = &named.members
                && !members.is_empty()
            {
                // A group of hidden commands alone is not there for who does not know them.
                found = Found::Group { name, members, words: at + 1 };
            }
            if named.members.is_none() {
                break;
            }
        }
        found
    }

    /// The first word that operators can see and that is nearest to the typed word.
    pub(crate) fn nearest(&self, word: &str) -> Option<&str> {
        let visible = self.entries().filter(|entry| !entry.command.hidden);
        let aliases = visible.clone().flat_map(|entry| entry.command.aliases.iter().copied());
        let firsts = visible.map(|entry| &*entry.name).chain(aliases);
        suggest::nearest(word, firsts.map(|name| name.split(' ').next().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_their_prefixes_do() {
        let names = [
            "a",
            "a b",
            "a-b",
            "ab",
            "cache flush",
            "connection-pool",
            "connection-pools list",
            "work-1",
            "work-10",
        ];
        assert!(names.is_sorted());
        assert!(names.map(prefix).is_sorted());
        // What is longer than a prefix has to be looked at itself.
        assert_eq!(prefix("connection-pools"), prefix("connection-pools list"));
        assert!(prefix("work-1") < prefix("work-10"));
    }
}
