//! `help`: the commands, one line each; one command in full; or what has to do with a word.

mod flow;

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use unicode_width::UnicodeWidthStr;

use self::flow::{flow, paragraphs};
use crate::{
    CommandInfo, CommandOutput, Console, Effect, Page, ParameterInfo, State, Value, backdoor_command,
};

/// The commands, or all about one of them
///
/// Without words, every command of the service with one line of help, and the console's own by topic. With a topic, its commands. With
/// the name of a command or a group, its usage, arguments and where it is declared. With any other word, the commands whose names or
/// texts have it.
#[backdoor_command(reads, on = console)]
async fn help(
    State(console): State<Console>,
    /// The name of a command, a group or a topic, or a word to look for
    words: Vec<String>,
) -> Help {
    let name = words.join(" ").replace('_', "-");
    let all = || async { console.commands().await.into_iter().filter(|command| !command.hidden) };
    if name.is_empty() {
        return Help::List { title: None, commands: all().await.collect() };
    }
    let command = console.command(&name).await;
    if let Some(members) = console.group(&name) {
        let inside = format!("{name} ");
        let commands = all().await.filter(|command| command.name.starts_with(&inside));
        return Help::Group { command: command.map(Box::new), name, members, commands: commands.collect() };
    }
    let topic = command.as_ref().map_or(Some(&*name), |command| command.topic);
    let about = all().await.filter(|command| topic.is_some() && command.topic == topic);
    if let Some(command) = command {
        let others = about.map(|other| other.name).filter(|other| *other != command.name).collect();
        return Help::Command { command: Box::new(command), others };
    }
    let about: Vec<CommandInfo> = about.collect();
    if !about.is_empty() {
        return Help::List { title: Some(format!("Of the console itself, about {name}:")), commands: about };
    }
    let wanted = words.join(" ").to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    let found: Vec<CommandInfo> = all()
        .await
        .filter(|command| {
            has(&command.name)
                || has(&command.summary)
                || has(command.details)
                || command.aliases.iter().any(|alias| has(alias))
                || command.parameters.iter().any(|parameter| has(parameter.name) || has(parameter.help))
        })
        .collect();
    match found.is_empty() {
        true => Help::Nothing { near: console.nearest(&wanted), wanted },
        false => Help::List { title: Some(format!("Commands with `{wanted}`:")), commands: found },
    }
}

enum Help {
    List {
        title: Option<String>,
        commands: Vec<CommandInfo>,
    },
    Group {
        name: String,
        members: Vec<String>,
        command: Option<Box<CommandInfo>>,
        commands: Vec<CommandInfo>,
    },
    Command {
        command: Box<CommandInfo>,
        /// The names of the others of its topic.
        others: Vec<String>,
    },
    Nothing {
        wanted: String,
        near: Option<String>,
    },
}

impl CommandOutput for Help {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        match self {
            Self::List { title: Some(title), commands } => {
                writeln!(page, "{title}")?;
                lines(page, commands)
            }
            Self::List { title: None, commands } => {
                let (builtin, own): (Vec<_>, Vec<_>) = commands.iter().partition(|command| command.builtin);
                if !own.is_empty() {
                    lines(page, own.iter().copied())?;
                    writeln!(page)?;
                }
                topics(page, &builtin)?;
                writeln!(page)?;
                const MORE: &str = "`help NAME`, `help TOPIC` or `NAME ?` says more; `--json` behind any command gives data.";
                flow(page, "", 0, MORE)
            }
            Self::Group { name, members, command, commands } => {
                if let Some(command) = command {
                    full(page, command)?;
                    writeln!(page)?;
                }
                if commands.is_empty() {
                    return writeln!(page, "`{name}` has {}", members.join(", "));
                }
                lines(page, commands)
            }
            Self::Command { command, others } => {
                full(page, command)?;
                match others.is_empty() {
                    true => Ok(()),
                    false => words(page, "see also: ", others),
                }
            }
            Self::Nothing { wanted, near } => {
                let way_out = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`help` alone lists all commands".to_owned(),
                };
                writeln!(page, "no command has `{wanted}`; {way_out}")
            }
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::List { commands, .. } | Self::Group { command: None, commands, .. } => Value::of(commands),
            Self::Group { command: Some(command), commands, .. } => {
                Value::of(&std::iter::once(&**command).chain(commands).collect::<Vec<_>>())
            }
            Self::Command { command, .. } => Value::of(command),
            Self::Nothing { .. } => Value::List(Vec::new()),
        }
    }
}

/// One line each, with a blank line where a new group begins.
fn lines<'a>(page: &mut Page<'_>, commands: impl IntoIterator<Item = &'a CommandInfo>) -> fmt::Result {
    const LONGEST_NAME: usize = 32;
    let commands: Vec<&CommandInfo> = commands.into_iter().collect();
    let width = commands.iter().map(|command| command.name.width()).max().unwrap_or(0).min(LONGEST_NAME);
    let mut blocks: BTreeMap<&str, Vec<&CommandInfo>> = BTreeMap::new();
    for command in &commands {
        let first = command.name.split(' ').next().unwrap_or_default();
        let inside =
            |other: &&CommandInfo| other.name.strip_prefix(first).is_some_and(|rest| rest.starts_with(' '));
        // What the service has a command of the same name for is no group of its own.
        let is_group = first != "sys" && commands.iter().any(inside);
        let block = if is_group { first } else { "" };
        blocks.entry(block).or_default().push(command);
    }
    let room = page.width().map(|columns| columns.saturating_sub(width + 4).max(20));
    for (at, block) in blocks.values().enumerate() {
        if at > 0 {
            writeln!(page)?;
        }
        for command in block {
            line(page, command, width, room)?;
        }
    }
    Ok(())
}

/// The console's own commands, a line a topic.
fn topics(page: &mut Page<'_>, commands: &[&CommandInfo]) -> fmt::Result {
    let mut topics: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for command in commands {
        topics.entry(command.topic.unwrap_or_default()).or_default().push(&command.name);
    }
    let width = topics.keys().map(|topic| topic.len()).max().unwrap_or(0);
    writeln!(page, "Of the console itself, by topic:")?;
    for (topic, names) in topics {
        words(page, &format!("  {topic:width$}  "), &names)?;
    }
    Ok(())
}

/// Words behind a title, on as many lines as they need.
fn words(page: &mut Page<'_>, title: &str, words: &[impl AsRef<str>]) -> fmt::Result {
    let width = page.width().unwrap_or(usize::MAX);
    let mut line = title.to_owned();
    for (at, word) in words.iter().map(AsRef::as_ref).enumerate() {
        let comma = if at + 1 < words.len() { "," } else { "" };
        if at > 0 && line.width() + 1 + word.width() + comma.len() > width {
            writeln!(page, "{line}")?;
            line = " ".repeat(title.width());
        } else if at > 0 {
            line.push(' ');
        }
        line.push_str(word);
        line.push_str(comma);
    }
    writeln!(page, "{line}")
}

fn line(page: &mut Page<'_>, command: &CommandInfo, width: usize, room: Option<usize>) -> fmt::Result {
    let mut text = command.summary.clone();
    if command.builtin && command.name.starts_with("sys ") {
        text.push_str(" (the console's own; the service has one of that name)");
    }
    // That it is dangerous is not what falls to a narrow terminal.
    let mark = if command.effect == Effect::Dangerous { "(dangerous)" } else { "" };
    let room = room.map(|room| if mark.is_empty() { room } else { room.saturating_sub(mark.len() + 1) });
    let pad = width.saturating_sub(command.name.width());
    let text = shorten(&text, room);
    let space = if text.is_empty() || mark.is_empty() { "" } else { " " };
    writeln!(page, "{}", format!("  {}{:pad$}  {text}{space}{mark}", command.name, "").trim_end())
}

fn shorten(text: &str, room: Option<usize>) -> String {
    match room {
        Some(room) if text.width() > room => {
            let mut short = String::new();
            for c in text.chars() {
                if short.width() + 2 > room {
                    break;
                }
                short.push(c);
            }
            short + "…"
        }
        _ => text.to_owned(),
    }
}

fn full(page: &mut Page<'_>, command: &CommandInfo) -> fmt::Result {
    usage(page, &command.usage)?;
    for text in [&*command.summary, command.details] {
        if !text.is_empty() {
            writeln!(page)?;
            paragraphs(page, text)?;
        }
    }
    if !command.parameters.is_empty() {
        writeln!(page)?;
        let width =
            command.parameters.iter().map(|parameter| parameter.form.width()).max().unwrap_or(0).min(32);
        for parameter in &command.parameters {
            parameter_lines(page, parameter, width)?;
        }
    }
    writeln!(page)?;
    if !command.aliases.is_empty() {
        writeln!(page, "also: {}", command.aliases.join(", "))?;
    }
    let effect = match command.effect {
        Effect::Reads => "changes nothing",
        Effect::Changes => "may change the service",
        Effect::Dangerous => "dangerous: asks before it runs",
    };
    flow(page, "", 0, &format!("{effect}; declared at {} in {}", command.declared, command.krate))
}

/// The usage line, on as many lines as it needs: no parameter is torn.
fn usage(page: &mut Page<'_>, usage: &str) -> fmt::Result {
    const TITLE: &str = "usage: ";
    let width = page.width().unwrap_or(usize::MAX);
    let mut depth = 0;
    let parts = usage.split(|c| {
        depth += match c {
            '[' | '<' => 1,
            ']' | '>' => -1,
            _ => 0,
        };
        c == ' ' && depth == 0
    });
    let mut line = String::from(TITLE);
    for (at, part) in parts.enumerate() {
        if at > 0 && line.width() + 1 + part.width() > width {
            writeln!(page, "{line}")?;
            line = " ".repeat(TITLE.len());
        } else if at > 0 {
            line.push(' ');
        }
        line.push_str(part);
    }
    writeln!(page, "{line}")
}

fn parameter_lines(page: &mut Page<'_>, parameter: &ParameterInfo, width: usize) -> fmt::Result {
    let mut facts = Vec::new();
    let positional = parameter.form.starts_with('<');
    if positional && !parameter.value.is_empty() && parameter.choices.is_empty() {
        facts.push(match &parameter.range {
            Some(range) => format!("{} {range}", parameter.value),
            None => parameter.value.to_owned(),
        });
    }
    match &parameter.default {
        Some(default) if parameter.value.is_empty() => {
            facts.extend((default == "true").then(|| "on unless this is given".to_owned()));
        }
        Some(default) => facts.push(format!("default {default}")),
        None if parameter.required => facts.push("required".to_owned()),
        None => {}
    }
    let facts = if facts.is_empty() { String::new() } else { format!("({})", facts.join(", ")) };
    let help = parameter.help.lines().collect::<Vec<_>>().join(" ");
    let pad = width.saturating_sub(parameter.form.width());
    let space = if help.is_empty() || facts.is_empty() { "" } else { " " };
    let begin = format!("  {}{:pad$}  ", parameter.form, "");
    flow(page, &begin, width + 4, &format!("{help}{space}{facts}"))?;
    if parameter.choices.iter().all(|(_, help)| help.is_empty()) {
        // An option's form has them already, where they are few.
        let words: Vec<&str> = parameter.choices.iter().map(|(name, _)| *name).collect();
        return match words.is_empty() || parameter.form.contains(&words.join("|")) {
            true => Ok(()),
            false => flow(
                page,
                &format!("  {:width$}    ", ""),
                width + 6,
                &format!("one of {}", words.join(", ")),
            ),
        };
    }
    let widest = parameter.choices.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    for (name, help) in &parameter.choices {
        flow(page, &format!("  {:width$}    {name:<widest$}  ", ""), width + widest + 8, help)?;
    }
    Ok(())
}
