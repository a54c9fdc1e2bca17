//! The command table: every command that was linked in, found by what the operator types.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use tokio::sync::Mutex;

use crate::command::catalogue::Facts;
use crate::command::declare::RESERVED;
use crate::command::descriptor::Command;
use crate::command::suggest;

/// What generated code hands to `inventory`.
pub struct Registered(pub &'static Command);

inventory::collect!(Registered);

/// The commands of one console, sorted by name.
pub(crate) struct Registry {
    entries: Vec<Entry>,
    by_name: HashMap<Box<str>, usize>,
    /// Every proper prefix of a name, with the words that may follow: none where all of them are hidden.
    groups: BTreeMap<Box<str>, Vec<Box<str>>>,
    /// The most words a name has.
    longest: usize,
}

/// One command in the table.
pub(crate) struct Entry {
    pub(crate) command: &'static Command,
    /// What the operator types: the declared name, or `sys NAME` for a built-in whose name the author took.
    pub(crate) name: Box<str>,
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
        members: &'a [Box<str>],
        words: usize,
    },
    Unknown,
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
        let mut commands: Vec<_> = commands.into_iter().collect();
        // Authors' commands first, so that the first to take a name keeps it and a built-in gives way. Linking has no order, hence
        // the place in the source.
        commands.sort_by_key(|command| {
            let declared = &command.declared;
            (declared.is_builtin(), command.name, declared.file, declared.line)
        });
        let mut registry = Self {
            entries: Vec::with_capacity(commands.len()),
            by_name: HashMap::new(),
            groups: BTreeMap::new(),
            longest: 1,
        };
        for command in commands {
            registry.add(command);
        }
        registry.entries.sort_by(|one, other| one.name.cmp(&other.name));
        registry.index();
        registry
    }

    fn add(&mut self, command: &'static Command) {
        let name = match self.is_taken_from(command) {
            true => format!("sys {}", command.name).into_boxed_str(),
            false => command.name.into(),
        };
        self.entries.push(Entry { command, name, facts: Arc::default(), evaluating: Arc::default() });
    }

    /// Whether an author's command has the name of this built-in, or a group of that name is in its arguments' way.
    fn is_taken_from(&self, command: &Command) -> bool {
        if !command.declared.is_builtin() || RESERVED.contains(&command.name) {
            return false;
        }
        let takes_words =
            command.parameters.iter().any(|parameter| parameter.is_typed() && !parameter.is_option());
        let takes = |name: &str| match name.strip_prefix(command.name) {
            Some(rest) => rest.is_empty() || (takes_words && rest.starts_with(' ')),
            None => false,
        };
        let authors = self.entries.iter().filter(|entry| !entry.command.declared.is_builtin());
        authors.flat_map(|entry| entry.command.names()).any(takes)
    }

    /// Makes the index from the sorted entries. Names come before aliases, and authors before built-ins.
    fn index(&mut self) {
        self.by_name.clear();
        let order =
            |builtin: bool| move |entry: &(usize, &Entry)| entry.1.command.declared.is_builtin() == builtin;
        let mut names = Vec::new();
        for builtin in [false, true] {
            let of_kind = || self.entries.iter().enumerate().filter(order(builtin));
            names.extend(of_kind().map(|(at, entry)| (entry.name.clone(), at)));
            names.extend(of_kind().flat_map(|(at, entry)| {
                entry.command.aliases.iter().map(move |alias| (Box::from(*alias), at))
            }));
        }
        for (at, entry) in self.entries.iter().enumerate() {
            if entry.command.declared.is_builtin() {
                names.push((format!("sys {}", entry.command.name).into_boxed_str(), at));
            }
        }
        for (name, at) in names {
            self.longest = self.longest.max(name.split(' ').count());
            let hidden = self.entries[at].command.hidden
                || (name.starts_with("sys ") && *name != *self.entries[at].name);
            self.group(&name, hidden);
            self.by_name.entry(name).or_insert(at);
        }
        for members in self.groups.values_mut() {
            members.sort();
            members.dedup();
        }
    }

    fn group(&mut self, name: &str, hidden: bool) {
        for (at, _) in name.match_indices(' ') {
            let members = self.groups.entry(name[..at].into()).or_default();
            if !hidden {
                members.push(name[at + 1..].split(' ').next().unwrap_or_default().into());
            }
        }
    }

    /// All commands, by name.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The command with this name or alias, words separated by single spaces.
    pub(crate) fn get(&self, name: &str) -> Option<&Entry> {
        self.by_name.get(name).map(|&at| &self.entries[at])
    }

    /// The words that may follow a group's name, where there are any that are not hidden.
    pub(crate) fn members(&self, group: &str) -> Option<&[Box<str>]> {
        self.groups.get(group).map(Vec::as_slice).filter(|members| !members.is_empty())
    }

    /// Whether names go on behind this one, hidden ones too.
    pub(crate) fn is_group(&self, name: &str) -> bool {
        self.groups.contains_key(name)
    }

    /// The longest name or group that the words begin with.
    pub(crate) fn find<'w>(&self, words: impl Iterator<Item = &'w str>) -> Found<'_> {
        let mut name = String::new();
        let mut found = Found::Unknown;
        for (at, word) in words.take(self.longest).enumerate() {
            if at > 0 {
                name.push(' ');
            }
            name.extend(word.chars().map(|c| if c == '_' { '-' } else { c }));
            if let Some(entry) = self.get(&name) {
                found = Found::Command { entry, words: at + 1 };
            } else if let Some((group, members)) = self.groups.get_key_value(name.as_str()) {
                // A command that is also a group keeps its own meaning until a member is named; a group of hidden commands
                // alone is not there for who does not know them.
                if !matches!(found, Found::Command { .. }) && !members.is_empty() {
                    found = Found::Group { name: group, members, words: at + 1 };
                }
            } else {
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
