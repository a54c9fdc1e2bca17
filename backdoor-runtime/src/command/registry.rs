//! The command table: every command that was linked in, found by what the operator types.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock};

use tokio::sync::Mutex;

use crate::command::catalogue::Facts;
use crate::command::declare::is_reserved;
use crate::command::descriptor::Command;
use crate::command::suggest;

/// What generated code hands to `inventory`.
pub struct Registered(pub &'static Command);

inventory::collect!(Registered);

/// The commands of one console, sorted by name.
pub(crate) struct Registry {
    entries: Vec<Entry>,
    names: HashMap<Name, Named, BuildHasherDefault<Fnv>>,
    /// The most words a name has.
    longest: usize,
}

/// What is typed: as declared, or `sys NAME`.
pub(crate) type Name = Cow<'static, str>;

/// What a name stands for.
#[derive(Default)]
struct Named {
    entry: Option<usize>,
    /// The words that may follow where names go on behind this one, with none that are hidden.
    members: Option<Vec<&'static str>>,
}

/// FNV-1a. Names are short and were written by authors, so that nobody can make them collide.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// One command in the table.
pub(crate) struct Entry {
    pub(crate) command: &'static Command,
    /// What the operator types: the declared name, or `sys NAME` for a built-in whose name the author took.
    pub(crate) name: Name,
    /// Evaluated once, where the author's code may run.
    pub(crate) facts: Arc<OnceLock<Facts>>,
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
        Self { command, name, facts: Arc::default(), evaluating: Arc::default() }
    }
}

/// Notes the words of a name as members of the groups that it goes through. It ends as it was declared.
fn group(
    names: &mut HashMap<Name, Named, BuildHasherDefault<Fnv>>,
    name: &Name,
    declared: &'static str,
    hidden: bool,
) {
    for (at, _) in name.match_indices(' ') {
        let group = match name {
            Cow::Borrowed(name) => Cow::Borrowed(&name[..at]),
            Cow::Owned(name) => Cow::Owned(name[..at].to_owned()),
        };
        let members = names.entry(group).or_default().members.get_or_insert_default();
        if !hidden {
            members.push(first_word(&declared[declared.len() - (name.len() - at - 1)..]));
        }
    }
}

fn first_word(words: &'static str) -> &'static str {
    words.split(' ').next().unwrap_or_default()
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
        // Authors' commands first, so that the first to take a name keeps it and a built-in gives way. Linking has no order, hence
        // the place in the source.
        let (mut builtins, mut authors): (Vec<_>, Vec<_>) =
            commands.into_iter().partition(|command| command.declared.is_builtin());
        for commands in [&mut authors, &mut builtins] {
            commands.sort_by_key(|command| (command.name, command.declared.file, command.declared.line));
        }
        let mut registry = Self {
            entries: Vec::with_capacity(authors.len() + builtins.len()),
            names: HashMap::with_capacity_and_hasher(authors.len() + builtins.len(), <_>::default()),
            longest: 1,
        };
        registry.entries.extend(authors.into_iter().map(|command| Entry::new(command, command.name.into())));
        // Of the authors' alone, to see what they took.
        registry.index();
        let given: Vec<Entry> = builtins
            .into_iter()
            .map(|command| match registry.is_taken_from(command) {
                true => Entry::new(command, format!("sys {}", command.name).into()),
                false => Entry::new(command, command.name.into()),
            })
            .collect();
        registry.entries.extend(given);
        registry.entries.sort_by(|one, other| one.name.cmp(&other.name));
        registry.index();
        registry
    }

    /// Whether an author's command has the name of this built-in, or a group of that name is in its arguments' way.
    fn is_taken_from(&self, command: &Command) -> bool {
        if is_reserved(command.name) {
            return false;
        }
        let takes_words =
            command.parameters.iter().any(|parameter| parameter.is_typed() && !parameter.is_option());
        self.get(command.name).is_some() || (takes_words && self.is_group(command.name))
    }

    /// Makes the index from the sorted entries. Names come before aliases, and authors before built-ins.
    fn index(&mut self) {
        self.names.clear();
        let (names, entries) = (&mut self.names, &self.entries);
        let mut longest = 1;
        let mut add = |name: Name, declared: &'static str, at: usize, hidden: bool| {
            longest = longest.max(1 + name.matches(' ').count());
            group(names, &name, declared, hidden);
            names.entry(name).or_default().entry.get_or_insert(at);
        };
        for builtin in [false, true] {
            let of_kind = || {
                entries.iter().enumerate().filter(|entry| entry.1.command.declared.is_builtin() == builtin)
            };
            for (at, entry) in of_kind() {
                add(entry.name.clone(), entry.command.name, at, entry.command.hidden);
            }
            for (at, entry) in of_kind() {
                for alias in entry.command.aliases {
                    add((*alias).into(), alias, at, entry.command.hidden);
                }
            }
        }
        for (at, entry) in entries.iter().enumerate().filter(|entry| entry.1.command.declared.is_builtin()) {
            let name = format!("sys {}", entry.command.name);
            let hidden = entry.command.hidden || name != entry.name;
            add(name.into(), entry.command.name, at, hidden);
        }
        self.longest = longest;
        for members in self.names.values_mut().filter_map(|named| named.members.as_mut()) {
            members.sort_unstable();
            members.dedup();
        }
    }

    /// All commands, by name.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
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

    /// The most words a name has.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// The longest name or group that the words begin with, which are separated by single spaces and spelled with `-`.
    pub(crate) fn find(&self, words: &str) -> Found<'_> {
        let mut found = Found::Unknown;
        let ends = words.match_indices(' ').map(|(at, _)| at).chain([words.len()]);
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

    /// The first word, visible to the operator, that is nearest to what he typed.
    pub(crate) fn nearest(&self, word: &str) -> Option<&str> {
        let visible = self.entries.iter().filter(|entry| !entry.command.hidden);
        let aliases = visible.clone().flat_map(|entry| entry.command.aliases.iter().copied());
        let firsts = visible.map(|entry| &*entry.name).chain(aliases);
        suggest::nearest(word, firsts.map(|name| name.split(' ').next().unwrap_or_default()))
    }
}
