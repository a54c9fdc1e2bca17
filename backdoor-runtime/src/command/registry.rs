//! The command table: every linked command, found by the words that the operator types.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock};

use crate::base::suggest;
use crate::command::declare::is_reserved;
use crate::command::descriptor::Command;
use crate::command::facts::Facts;
use crate::command::secrecy::{Judge, Secrecy};

/// The item that generated code passes to `inventory`.
pub struct Registered(pub &'static Command);

inventory::collect!(Registered);

/// The word before the name of a built-in command whose name an author's command has taken.
pub(crate) const BUILTIN_PREFIX: &str = "sys";

/// The commands of one console.
pub(crate) struct Registry {
    /// Authors' commands first, each group sorted by name.
    entries: Vec<Entry>,
    /// The indices of all commands, sorted by name.
    sorted: Vec<usize>,
    names: Names,
    /// The number of words of the longest name.
    longest: usize,
    /// The judges of the built-in commands' parameters.
    judges: Vec<&'static Judge>,
}

type Names = HashMap<Name, Named, BuildHasherDefault<WordHasher>>;

/// The typed name: as declared, or `sys NAME`.
pub(crate) type Name = Cow<'static, str>;

/// The meaning of a name.
#[derive(Default)]
struct Named {
    entry: Option<usize>,
    /// If longer names begin with this one, the words that may follow, without hidden ones.
    members: Option<Vec<&'static str>>,
}

/// A hash that takes a machine word at a time. The keys are written by authors, so that no attacker can make them collide.
#[derive(Default)]
struct WordHasher(u64);

impl WordHasher {
    fn mix(&mut self, word: u64) {
        // As in FxHash, with Knuth's multiplier: 2^64 divided by the golden ratio.
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
        // `str` ends with one, to separate the parts of a larger key. Here the name is the whole key.
    }

    fn finish(&self) -> u64 {
        // The high bits of the product are the mixed ones, and the table starts with the low bits.
        self.0.rotate_left(26)
    }
}

/// One command in the table.
pub(crate) struct Entry {
    pub(crate) command: &'static Command,
    /// The typed name: the declared name, or `sys NAME` for a built-in whose name the author took.
    pub(crate) name: Name,
    /// Made on first use: most commands never need it.
    evaluation: OnceLock<Arc<Evaluation>>,
}

/// The texts of the command that need code of the author.
#[derive(Default)]
pub(crate) struct Evaluation {
    /// Evaluated once, where the author's code may run.
    pub(crate) facts: OnceLock<Facts>,
    /// Held during the evaluation.
    #[cfg(feature = "console")]
    pub(crate) evaluating: Arc<tokio::sync::Mutex<()>>,
}

/// The meaning of the first words of a line.
pub(crate) enum Found<'a> {
    Command {
        entry: &'a Entry,
        /// The number of words in the name.
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

    /// The result of the author's code, if it was run.
    pub(crate) fn facts(&self) -> Option<&Facts> {
        self.evaluation.get()?.facts.get()
    }
}

fn first_word(words: &'static str) -> &'static str {
    words.split(' ').next().unwrap_or_default()
}

/// The first 16 bytes of a name as a number with the same order: comparing numbers makes sorting thousands of names cheap.
fn prefix(name: &str) -> u128 {
    let mut bytes = [0; 16];
    let length = name.len().min(bytes.len());
    bytes[..length].copy_from_slice(&name.as_bytes()[..length]);
    u128::from_be_bytes(bytes)
}

/// Sorts by name, and commands of the same name by their place in the source, because the order of linking is undefined.
fn sorted(commands: impl Iterator<Item = &'static Command>) -> impl Iterator<Item = &'static Command> {
    let mut commands: Vec<_> = commands.map(|command| (prefix(command.name), command)).collect();
    let place = |command: &'static Command| (command.name, command.declared.file, command.declared.line);
    commands.sort_by(|one, other| one.0.cmp(&other.0).then_with(|| place(one.1).cmp(&place(other.1))));
    commands.into_iter().map(|(_, command)| command)
}

/// The words in the spelling of names. No name has a word with a space in it.
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
        // Authors' commands first, so that the first command with a name keeps it and a built-in one gets another.
        registry.add(sorted(authors.into_iter()).map(|command| Entry::new(command, command.name.into())));
        let given: Vec<Entry> = sorted(builtins.into_iter())
            .map(|command| match registry.is_taken_from(command) {
                true => Entry::new(command, format!("{BUILTIN_PREFIX} {}", command.name).into()),
                false => Entry::new(command, command.name.into()),
            })
            .collect();
        let first = registry.entries.len();
        registry.add(given.into_iter());
        // Under this name, each built-in command can always be called.
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

    /// Whether an author's command has the name of this built-in, or a group of that name conflicts with its arguments. Called while only
    /// authors' commands are in the table.
    fn is_taken_from(&self, command: &Command) -> bool {
        if is_reserved(command.name) {
            return false;
        }
        let takes_words =
            command.parameters.iter().any(|parameter| parameter.is_typed() && !parameter.is_option());
        self.get(command.name).is_some() || (takes_words && self.is_group(command.name))
    }

    /// Adds commands: first their names, then their aliases.
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

    /// Adds a name that ends with the declared one, and its words to the groups on its way. An earlier command with this name keeps it.
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

    /// The words that may follow a group's name; nothing if all of them are hidden.
    pub(crate) fn members(&self, group: &str) -> Option<&[&'static str]> {
        self.names.get(group)?.members.as_deref().filter(|members| !members.is_empty())
    }

    /// Whether longer names begin with this one, hidden ones too.
    pub(crate) fn is_group(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|named| named.members.is_some())
    }

    /// The judges for words that are secret without an entry in the table of their command.
    pub(crate) fn judges(&self) -> &[&'static Judge] {
        &self.judges
    }

    /// The number of words of the longest name.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// The longest name or group at the beginning of `words`, which are separated by single spaces and spelled with `-`.
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
                // A group with only hidden commands is not shown.
                found = Found::Group { name, members, words: at + 1 };
            }
            if named.members.is_none() {
                break;
            }
        }
        found
    }

    /// The visible first word that is most similar to the typed word.
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
        // Names longer than a prefix have to be compared themselves.
        assert_eq!(prefix("connection-pools"), prefix("connection-pools list"));
        assert!(prefix("work-1") < prefix("work-10"));
    }
}
