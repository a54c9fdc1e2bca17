//! `help` without words, on one screen: the commands of the service, and what to type when something is wrong.

use std::fmt::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::{blocks, lines, words};
use crate::base::sort;
use crate::{CommandInfo, Page};

/// The lines of a terminal that did not report its size.
const USUAL_ROWS: usize = 24;

/// The columns of a terminal that did not report its size.
const COLUMNS: usize = 80;

/// How many lines of the service's commands are shown on any terminal.
const FEWEST: usize = 2;

/// A terminal with fewer lines gets no blank lines.
const LOW: usize = 16;

/// Problems, and the commands that show them.
pub(super) const WRONG: [(&str, &[&str]); 5] = [
    ("hangs", &["doctor", "waits", "runtime", "pgt"]),
    ("burns", &["threads", "profile cpu", "tasks"]),
    ("grows", &["objects", "mem", "fds", "trend"]),
    ("log", &["log tail", "log last", "log set"]),
    ("change", &["vars", "set", "undo", "changes"]),
];

/// The commands of the service: a line each if one screen is enough, else by group, and the number of commands that do not fit. Below them,
/// where to begin when something is wrong. A script gets everything.
pub(super) fn overview(page: &mut Page<'_>, commands: &[CommandInfo], rows: Option<usize>) -> fmt::Result {
    let (builtin, own): (Vec<&CommandInfo>, Vec<&CommandInfo>) =
        commands.iter().partition(|command| command.builtin);
    let width = page.width();
    // The next prompt needs a line, too.
    let rows = width.map_or(usize::MAX, |_| rows.unwrap_or(USUAL_ROWS).saturating_sub(1));
    let foot = written(width, |page| foot(page, &builtin, rows < LOW, own.is_empty()))?;
    let room = rows.saturating_sub(foot.len()).max(FEWEST);
    let mut shown = written(width, |page| lines(page, own.iter().copied()))?;
    if shown.len() > room {
        shown = names(width, &own, room)?;
    }
    shown.iter().chain(&foot).try_for_each(|line| writeln!(page, "{line}"))
}

/// The text below the commands of the service.
fn foot(page: &mut Page<'_>, builtin: &[&CommandInfo], is_low: bool, is_alone: bool) -> fmt::Result {
    let gap = if is_low { "" } else { "\n" };
    page.write_str(if is_alone { "" } else { gap })?;
    writeln!(page, "Something wrong?")?;
    let width = WRONG.map(|(what, _)| what.len()).into_iter().max().unwrap_or(0);
    for (what, of) in WRONG {
        words(page, &format!("  {what:width$}  "), &named(builtin, of))?;
    }
    page.write_str(gap)?;
    if is_low {
        return writeln!(page, "`help all` lists all commands");
    }
    let mut topics: Vec<&str> = builtin.iter().filter_map(|command| command.topic).collect();
    sort::sort(&mut topics);
    topics.dedup();
    // A terminal that does not report its width usually has this one.
    let width = page.width().or(Some(COLUMNS));
    for line in written(width, |page| words(page, "topics: ", &topics))? {
        writeln!(page, "{line}")?;
    }
    writeln!(page, "`help all` lists all commands, `help NAME` explains one, `--json` gives data")
}

/// The typed names of these commands.
pub(super) fn named(builtin: &[&CommandInfo], of: &[&str]) -> Vec<String> {
    let typed = |name: &&str| {
        // A built-in command whose name the service uses.
        let shadowed = format!("sys {name}");
        let is = |wanted: &str| builtin.iter().any(|command| command.name == wanted);
        match () {
            () if is(name) => Some((*name).to_owned()),
            () => is(&shadowed).then_some(shadowed),
        }
    };
    of.iter().filter_map(typed).collect()
}

/// The names of the commands, one line for each group; those that do not fit are counted.
fn names(width: Option<usize>, own: &[&CommandInfo], room: usize) -> Result<Vec<String>, fmt::Error> {
    let groups = blocks(own);
    let column = groups.keys().map(|group| group.width()).max().unwrap_or(0);
    // Lines, each with the number of its commands.
    let mut all: Vec<(String, usize)> = Vec::new();
    for (group, commands) in &groups {
        let inside = |command: &&&CommandInfo| command.name != *group;
        let rest = |command: &&CommandInfo| match group.is_empty() {
            true => command.name.clone(),
            false => command.name[group.len() + 1..].to_owned(),
        };
        let names: Vec<String> = commands.iter().filter(inside).map(rest).collect();
        let title = if group.is_empty() { "  ".to_owned() } else { format!("  {group:column$}  ") };
        let lines = written(width, |page| words(page, &title, &names))?;
        let itself = commands.len() - names.len();
        for (at, line) in lines.into_iter().enumerate() {
            let count = line.matches(',').count() + usize::from(!line.ends_with(','));
            all.push((line, count + if at == 0 { itself } else { 0 }));
        }
    }
    if all.len() <= room {
        return Ok(all.into_iter().map(|(line, _)| line).collect());
    }
    let left_out: usize = all.drain(room - 1..).map(|(_, count)| count).sum();
    let count = format!("  and {left_out} more");
    Ok(all.into_iter().map(|(line, _)| line).chain([count]).collect())
}

/// The written lines.
fn written(
    width: Option<usize>,
    write: impl FnOnce(&mut Page<'_>) -> fmt::Result,
) -> Result<Vec<String>, fmt::Error> {
    let mut text = String::new();
    write(&mut Page::new(&mut text, width, usize::MAX))?;
    Ok(text.lines().map(str::to_owned).collect())
}
