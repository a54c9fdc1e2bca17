//! What help, usage lines, completion and the `commands` catalogue say of a command: one description, from the same constant table
//! that parses its arguments.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::command::descriptor::{Command, Effect, Parameter, Style};
use crate::command::param::Arity;
use crate::command::registry::Entry;

/// The texts of a command that only the author's code can give: defaults and ranges, by parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    pub(crate) defaults: Vec<Option<String>>,
    pub(crate) ranges: Vec<Option<String>>,
}

impl Facts {
    /// What can be said without running code of the author's.
    pub(crate) fn without_evaluation(command: &Command) -> Self {
        let parameters = command.parameters.iter();
        Self {
            defaults: parameters.clone().map(|p| p.default?.literal.map(str::to_owned)).collect(),
            ranges: parameters.map(|p| p.range?.literal.map(str::to_owned)).collect(),
        }
    }

    /// Evaluates the author's expressions.
    pub(crate) fn evaluate(command: &Command) -> Self {
        let parameters = command.parameters.iter();
        Self {
            defaults: parameters.clone().map(|p| p.default?.text()).collect(),
            ranges: parameters.map(|p| p.range?.text()).collect(),
        }
    }

    /// Whether the description needs no code of the author's.
    pub(crate) fn are_literal(command: &Command) -> bool {
        command.parameters.iter().all(|parameter| {
            parameter.default.is_none_or(|default| default.literal.is_some())
                && parameter.range.is_none_or(|range| range.literal.is_some())
        })
    }
}

/// One command as data.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CommandInfo {
    /// What the operator types.
    pub name: String,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// The first paragraph of its help.
    pub summary: String,
    /// The rest of its help.
    pub details: &'static str,
    /// `cache flush [--shard <0..=63>]`
    pub usage: String,
    /// What it does to the service.
    pub effect: Effect,
    /// Whether `help` leaves it out of its lists.
    pub hidden: bool,
    /// Whether it came with the console.
    pub builtin: bool,
    /// What one that came with the console is about: `threads`.
    pub topic: Option<&'static str>,
    /// Where it stands in the source, as `file:line`.
    pub declared: String,
    /// The crate it was declared in.
    pub krate: &'static str,
    /// What may be typed after its name.
    pub parameters: Vec<ParameterInfo>,
}

/// One parameter as data.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ParameterInfo {
    /// As in the usage line: `<level>`, `--shard <0..=63>`.
    pub form: String,
    /// Its name.
    pub name: &'static str,
    /// Its help.
    pub help: &'static str,
    /// What one value is: `number`. Empty for a flag.
    pub value: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// The value of one that is left out, as it would be typed.
    pub default: Option<String>,
    /// What it accepts.
    pub range: Option<String>,
    /// Whether the console shows its values to nobody.
    pub secret: bool,
    /// The words it may be, with their help.
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

impl Parameter {
    /// `<level>`, `--by <number>`: for a message that it is missing.
    pub(crate) fn placeholder(&self) -> String {
        let range = self.range.and_then(|range| range.literal);
        form(self, range, None)
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

/// How a parameter is written, without the brackets of an optional one.
fn form(parameter: &Parameter, range: Option<&str>, default: Option<&str>) -> String {
    let names = match (parameter.short(), parameter.long()) {
        (Some(short), Some(long)) => format!("-{short}|--{long}"),
        (Some(short), None) => format!("-{short}"),
        (None, Some(long)) if default == Some("true") => format!("--no-{long}"),
        (None, Some(long)) => format!("--{long}"),
        (None, None) if matches!(parameter.style, Style::Rest) => return format!("<{}...>", parameter.name),
        (None, None) => return format!("<{}>", parameter.name),
    };
    match parameter.shape.arity {
        Arity::Flag => names,
        _ => format!("{names} <{}>", value_form(parameter, range)),
    }
}

/// What stands between the brackets of an option's value: its range, its few choices, or what it is.
fn value_form(parameter: &Parameter, range: Option<&str>) -> String {
    const ROOM_FOR_CHOICES: usize = 40;
    if let Some(range) = range {
        return range.to_owned();
    }
    let choices: Vec<&str> = parameter.shape.choices.iter().map(|choice| choice.name).collect();
    let choices = choices.join("|");
    if choices.is_empty() || choices.len() > ROOM_FOR_CHOICES {
        parameter.shape.value.to_owned()
    } else {
        choices
    }
}

impl Effect {
    /// The word help shows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Changes => "changes",
            Self::Dangerous => "dangerous",
        }
    }
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
