//! The description of a command in help, usage lines, completion and the `commands` catalogue, from the same constant table that parses its
//! arguments.

use serde_core::ser::{Serialize, SerializeStruct, Serializer};

use crate::command::descriptor::Command;
use crate::command::effect::Effect;
use crate::command::facts::Facts;
use crate::command::parameter::{Parameter, form};
use crate::command::registry::Entry;
use crate::command::shape::Arity;

/// One command as data.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CommandInfo {
    /// The words that the operator types.
    pub name: String,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// The first paragraph of its help.
    pub summary: String,
    /// The rest of its help.
    pub details: &'static str,
    /// `cache flush [--shard <0..=63>]`
    pub usage: String,
    /// Its declared effect.
    pub effect: Effect,
    /// Whether the lists of `help` omit it.
    pub hidden: bool,
    /// Whether it is a built-in command.
    pub builtin: bool,
    /// The topic of a built-in command: `threads`.
    pub topic: Option<&'static str>,
    /// Its place in the source, as `file:line`.
    pub declared: String,
    /// The crate that declares it.
    pub krate: &'static str,
    /// Its parameters.
    pub parameters: Vec<ParameterInfo>,
}

/// One parameter as data.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ParameterInfo {
    /// Its form in the usage line: `<level>`, `--shard <0..=63>`.
    pub form: String,
    /// Its name.
    pub name: &'static str,
    /// Its help.
    pub help: &'static str,
    /// The name of one value: `number`. Empty for a flag.
    pub value: &'static str,
    /// Whether it is required.
    pub required: bool,
    /// The value if it is left out, as it would be typed.
    pub default: Option<String>,
    /// The accepted range.
    pub range: Option<String>,
    /// Whether the console hides its values.
    pub secret: bool,
    /// The accepted words, with their help.
    pub choices: Vec<(&'static str, &'static str)>,
}

impl CommandInfo {
    pub(crate) fn of(entry: &Entry) -> Self {
        let command = entry.command;
        let literal;
        let facts = match entry.facts() {
            Some(facts) => facts,
            None => {
                literal = Facts::without_evaluation(command);
                &literal
            }
        };
        let typed = command.parameters.iter().enumerate().filter(|(_, parameter)| parameter.is_typed());
        Self {
            name: entry.name.to_string(),
            aliases: command.aliases,
            summary: command.summary(),
            details: command.details(),
            usage: usage(&entry.name, command, facts),
            effect: command.effect,
            hidden: command.hidden,
            builtin: command.is_builtin(),
            topic: command.topic(),
            declared: command.declared.to_string(),
            krate: command.declared.krate(),
            parameters: typed.map(|(at, parameter)| ParameterInfo::of(parameter, at, facts)).collect(),
        }
    }
}

impl ParameterInfo {
    fn of(parameter: &Parameter, at: usize, facts: &Facts) -> Self {
        let default = facts.defaults.get(at).cloned().flatten();
        let flag = matches!(parameter.shape.arity, Arity::Flag);
        let choices = if flag { &[] } else { parameter.shape.choices };
        Self {
            form: form(parameter, facts.ranges.get(at).and_then(Option::as_deref), default.as_deref()),
            name: parameter.name,
            help: parameter.help,
            value: if flag { "" } else { parameter.shape.value },
            required: !parameter.may_be_absent(),
            range: facts.ranges.get(at).cloned().flatten(),
            secret: parameter.secrecy.is_secret(),
            choices: choices.iter().map(|choice| (choice.name, choice.help)).collect(),
            default,
        }
    }
}

impl Entry {
    /// `cache flush [--shard <0..=63>] [--dry-run]`
    pub(crate) fn usage(&self) -> String {
        match self.facts() {
            Some(facts) => usage(&self.name, self.command, facts),
            None => usage(&self.name, self.command, &Facts::without_evaluation(self.command)),
        }
    }
}

fn usage(name: &str, command: &Command, facts: &Facts) -> String {
    let mut usage = name.to_owned();
    for (at, parameter) in command.parameters.iter().enumerate().filter(|(_, parameter)| parameter.is_typed())
    {
        let range = facts.ranges.get(at).and_then(Option::as_deref);
        let form = form(parameter, range, facts.defaults.get(at).and_then(Option::as_deref));
        let many = matches!(parameter.shape.arity, Arity::Many);
        let bracketed = parameter.may_be_absent();
        let dots = match (many, parameter.is_option()) {
            (false, _) => ["", ""],
            (true, false) => ["...", ""],
            (true, true) => ["", "..."],
        };
        let [open, close] = if bracketed { ["[", "]"] } else { ["", ""] };
        usage.push_str(&format!(" {open}{form}{}{close}{}", dots[0], dots[1]));
    }
    usage
}

impl Serialize for CommandInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("CommandInfo", 11)?;
        record.serialize_field("name", &self.name)?;
        record.serialize_field("aliases", self.aliases)?;
        record.serialize_field("summary", &self.summary)?;
        record.serialize_field("details", self.details)?;
        record.serialize_field("usage", &self.usage)?;
        record.serialize_field("effect", self.effect.as_str())?;
        record.serialize_field("hidden", &self.hidden)?;
        record.serialize_field("builtin", &self.builtin)?;
        record.serialize_field("topic", &self.topic)?;
        record.serialize_field("declared", &self.declared)?;
        record.serialize_field("crate", self.krate)?;
        record.serialize_field("parameters", &self.parameters)?;
        record.end()
    }
}

impl Serialize for ParameterInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let choices: Vec<_> = self.choices.iter().map(|(name, _)| name).collect();
        let mut record = serializer.serialize_struct("ParameterInfo", 9)?;
        record.serialize_field("form", &self.form)?;
        record.serialize_field("name", self.name)?;
        record.serialize_field("help", self.help)?;
        record.serialize_field("value", self.value)?;
        record.serialize_field("required", &self.required)?;
        record.serialize_field("default", &self.default)?;
        record.serialize_field("range", &self.range)?;
        record.serialize_field("choices", &choices)?;
        record.serialize_field("secret", &self.secret)?;
        record.end()
    }
}
