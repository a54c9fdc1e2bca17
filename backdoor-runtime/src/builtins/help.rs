//! `help`: the commands, one line each; one command in full; or the commands that mention a word.

mod flow;
mod overview;

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use unicode_width::UnicodeWidthStr;

use self::flow::{column, flow, paragraphs};
use self::overview::{WRONG, named, overview};
use crate::reply::wrap;
use crate::{
    CommandInfo, CommandOutput, Console, Effect, Page, ParameterInfo, Session, State, Value, backdoor_command,
};

/// List the commands, or describe one
///
/// Without words, it lists the commands of the service and the commands to type when something is wrong, on one screen. `help all` lists
/// every command with a line of help, and `help TOPIC` the commands of a topic. With the name of a command or a group, it shows usage,
/// arguments and the place of the declaration. With any other word, it lists the commands whose names or texts contain it; `help
/// dangerous` lists the dangerous commands.
///
/// Examples:
///   help all
///   help log set
#[backdoor_command(builtin = "console", reads, on = console)]
async fn help(
    State(console): State<Console>,
    session: Session,
    /// The name of a command, a group or a topic, or a word to look for
    #[arg(line)]
    words: Vec<String>,
) -> Help {
    let name = words.join(" ").replace('_', "-");
    let all: Vec<CommandInfo> =
        console.commands().await.into_iter().filter(|command| !command.hidden).collect();
    if name.is_empty() {
        return Help::Overview { commands: all, rows: session.height() };
    }
    let command = console.command(&name).await.map(Box::new);
    if let Some(members) = console.group(&name) {
        let inside = format!("{name} ");
        let commands = all.into_iter().filter(|command| command.name.starts_with(&inside)).collect();
        return Help::Group { command, name, members, commands };
    }
    if command.is_none() && name == "all" {
        return Help::All(all);
    }
    let topic = command.as_ref().map_or(Some(&*name), |command| command.topic);
    let about = |command: &CommandInfo| topic.is_some() && command.topic == topic;
    if let Some(command) = command {
        let (is_topic, own) = (topic == Some(&*name), command.name.clone());
        let others = all.into_iter().filter(|other| about(other) && other.name != own).collect();
        return Help::Command { command, others, is_topic };
    }
    if let Some((what, of)) = WRONG.iter().find(|(what, _)| *what == name) {
        let builtin: Vec<&CommandInfo> = all.iter().filter(|command| command.builtin).collect();
        let of = named(&builtin, of);
        let commands = of.iter().filter_map(|name| all.iter().find(|command| command.name == *name));
        return Help::List {
            title: format!("Commands to type when something is wrong ({what}):"),
            commands: commands.cloned().collect(),
        };
    }
    if all.iter().any(about) {
        let commands = all.into_iter().filter(|command| about(command)).collect();
        return Help::List { title: format!("Built-in commands about {name}:"), commands };
    }
    let wanted = words.join(" ").to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    let is_found = |command: &CommandInfo| {
        has(&command.name)
            || has(&command.summary)
            || has(command.details.split(EXAMPLES).next().unwrap_or_default())
            || command.effect.as_str() == wanted
            || command.aliases.iter().any(|alias| has(alias))
            || command.parameters.iter().any(|parameter| has(parameter.name) || has(parameter.help))
    };
    let found: Vec<CommandInfo> = all.into_iter().filter(is_found).collect();
    match found.is_empty() {
        true => Help::Nothing { near: console.nearest(&wanted), wanted },
        false => Help::List { title: format!("Commands that mention `{wanted}`:"), commands: found },
    }
}

/// The line before the examples in the help of a command; a search for a word ignores it.
const EXAMPLES: &str = "Examples:\n";

enum Help {
    Overview {
        commands: Vec<CommandInfo>,
        /// Lines of the terminal, if they are known.
        rows: Option<usize>,
    },
    All(Vec<CommandInfo>),
    List {
        title: String,
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
        /// The other commands of its topic.
        others: Vec<CommandInfo>,
        /// Whether the topic has the same name.
        is_topic: bool,
    },
    Nothing {
        wanted: String,
        near: Option<String>,
    },
}

impl CommandOutput for Help {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        match self {
            Self::Overview { commands, rows } => overview(page, commands, *rows),
            Self::All(commands) => {
                let (builtin, own): (Vec<_>, Vec<_>) = commands.iter().partition(|command| command.builtin);
                if !own.is_empty() {
                    lines(page, own)?;
                    writeln!(page)?;
                }
                topics(page, &builtin)
            }
            Self::List { title, commands } => {
                writeln!(page, "{title}")?;
                lines(page, commands)
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
            Self::Command { command, others, is_topic } => {
                full(page, command)?;
                if others.is_empty() {
                    return Ok(());
                }
                if !is_topic {
                    let names: Vec<&str> = others.iter().map(|other| &*other.name).collect();
                    return words(page, "see also: ", &names);
                }
                writeln!(page, "\nsee also:")?;
                lines(page, others)
            }
            Self::Nothing { wanted, near } => {
                let way_out = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`help all` lists all commands".to_owned(),
                };
                writeln!(page, "no command mentions `{wanted}`; {way_out}")
            }
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Overview { commands, .. }
            | Self::All(commands)
            | Self::List { commands, .. }
            | Self::Group { command: None, commands, .. } => Value::of(commands),
            Self::Group { command: Some(command), commands, .. } => {
                Value::of(&std::iter::once(&**command).chain(commands).collect::<Vec<_>>())
            }
            Self::Command { command, .. } => Value::of(command),
            Self::Nothing { .. } => Value::List(Vec::new()),
        }
    }
}

/// One line each, with a blank line before a new group.
fn lines<'a>(page: &mut Page<'_>, commands: impl IntoIterator<Item = &'a CommandInfo>) -> fmt::Result {
    let commands: Vec<&CommandInfo> = commands.into_iter().collect();
    let width = widest(&commands);
    for (at, block) in blocks(&commands).values().enumerate() {
        if at > 0 {
            writeln!(page)?;
        }
        for command in block {
            line(page, command, width)?;
        }
    }
    Ok(())
}

/// The longest name after which texts are aligned.
fn widest(commands: &[&CommandInfo]) -> usize {
    const LONGEST_NAME: usize = 32;
    commands.iter().map(|command| command.name.width()).max().unwrap_or(0).min(LONGEST_NAME)
}

/// The commands by group; commands without a group have an empty one.
fn blocks<'a>(commands: &[&'a CommandInfo]) -> BTreeMap<&'a str, Vec<&'a CommandInfo>> {
    let mut blocks: BTreeMap<&str, Vec<&CommandInfo>> = BTreeMap::new();
    for command in commands {
        let first = command.name.split(' ').next().unwrap_or_default();
        let inside =
            |other: &&CommandInfo| other.name.strip_prefix(first).is_some_and(|rest| rest.starts_with(' '));
        // A built-in command whose name the service uses belongs to no group of its own.
        let is_group = first != "sys" && commands.iter().any(inside);
        let block = if is_group { first } else { "" };
        blocks.entry(block).or_default().push(command);
    }
    blocks
}

/// The console's own commands by topic, one line each.
fn topics(page: &mut Page<'_>, commands: &[&CommandInfo]) -> fmt::Result {
    let mut topics: BTreeMap<&str, Vec<&CommandInfo>> = BTreeMap::new();
    for command in commands {
        topics.entry(command.topic.unwrap_or_default()).or_default().push(command);
    }
    let width = widest(commands);
    writeln!(page, "Built-in commands by topic:")?;
    for (topic, commands) in topics {
        writeln!(page, "\n{topic}")?;
        commands.iter().try_for_each(|command| line(page, command, width))?;
    }
    Ok(())
}

/// Words after a title, on as many lines as they need.
fn words(page: &mut Page<'_>, title: &str, words: &[impl AsRef<str>]) -> fmt::Result {
    let last = words.len().saturating_sub(1);
    let word = |(at, word): (usize, &str)| format!("{word}{}", if at < last { "," } else { "" });
    let mut parts: Vec<String> = words.iter().map(AsRef::as_ref).enumerate().map(word).collect();
    if let Some(first) = parts.first_mut() {
        first.insert_str(0, title);
    }
    page.hanging_parts(&parts, title.width())
}

fn line(page: &mut Page<'_>, command: &CommandInfo, width: usize) -> fmt::Result {
    let mut text = command.summary.clone();
    if command.builtin && command.name.starts_with("sys ") {
        text.push_str(" (built-in; the service has its own command of that name)");
    }
    // The mark of a dangerous command is kept on a narrow terminal.
    let mark = if command.effect == Effect::Dangerous { "(dangerous)" } else { "" };
    let room = page.width().map(|columns| columns.saturating_sub(width + 4).max(20));
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

/// The usage line, on as many lines as it needs: no parameter is broken.
fn usage(page: &mut Page<'_>, usage: &str) -> fmt::Result {
    const TITLE: &str = "usage: ";
    let mut broken = String::new();
    wrap::usage(&format!("{TITLE}{usage}"), page.width(), TITLE.len(), &mut broken);
    writeln!(page, "{broken}")
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
    facts.extend(parameter.secret.then(|| "secret".to_owned()));
    let facts = if facts.is_empty() { String::new() } else { format!("({})", facts.join(", ")) };
    let pad = width.saturating_sub(parameter.form.width());
    let begin = format!("  {}{:pad$}  ", parameter.form, "");
    column(page, &begin, width + 4, parameter.help, &facts)?;
    if parameter.choices.iter().all(|(_, help)| help.is_empty()) {
        // The form of an option already shows the choices, if they are few.
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
