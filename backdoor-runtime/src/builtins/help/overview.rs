//! `help` alone, on one screen: the commands of the service, and what to type when something is wrong.

use std::fmt::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::{blocks, lines, words};
use crate::{CommandInfo, Page};

/// Lines of a terminal that did not say how many it has.
const USUAL_ROWS: usize = 24;

/// Columns of one that did not say how wide it is.
const COLUMNS: usize = 80;

/// Lines of the service's commands that are shown on any terminal.
const FEWEST: usize = 2;

/// A terminal with fewer lines has none to spare for blank ones.
const LOW: usize = 16;

/// What may be wrong, and the commands that show it.
pub(super) const WRONG: [(&str, &[&str]); 5] = [
    ("hangs", &["doctor", "waits", "runtime", "pgt"]),
    ("burns", &["threads", "profile cpu", "tasks"]),
    ("grows", &["objects", "mem", "fds", "trend"]),
    ("log", &["log tail", "log last", "log set"]),
    ("change", &["vars", "set", "undo", "changes"]),
];

/// The commands of the service: a line each where one screen has room for that, else by group, and how many have no room at all.
/// Below them, where to begin when something is wrong. A script, which has no screen, gets all of it.
pub(super) fn overview(page: &mut Page<'_>, commands: &[CommandInfo], rows: Option<usize>) -> fmt::Result {
    let (builtin, own): (Vec<&CommandInfo>, Vec<&CommandInfo>) =
        commands.iter().partition(|command| command.builtin);
    let width = page.width();
    // The next prompt has a line, too.
    let rows = width.map_or(usize::MAX, |_| rows.unwrap_or(USUAL_ROWS).saturating_sub(1));
    let foot = written(width, |page| foot(page, &builtin, rows < LOW, own.is_empty()))?;
    let room = rows.saturating_sub(foot.len()).max(FEWEST);
    let mut shown = written(width, |page| lines(page, own.iter().copied()))?;
    if shown.len() > room {
        shown = names(width, &own, room)?;
    }
    shown.iter().chain(&foot).try_for_each(|line| writeln!(page, "{line}"))
}

/// What stands below the commands of the service.
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
    topics.sort_unstable();
    topics.dedup();
    // Who says nothing of a width most often has a terminal of this one.
    let width = page.width().or(Some(COLUMNS));
    for line in written(width, |page| words(page, "topics: ", &topics))? {
        writeln!(page, "{line}")?;
    }
    writeln!(page, "`help all` lists all commands, `help NAME` explains one, `--json` gives data")
}

/// The names that these commands are typed with.
pub(super) fn named(builtin: &[&CommandInfo], of: &[&str]) -> Vec<String> {
    let typed = |name: &&str| {
        // What the service has a command of the same name for.
        let shadowed = format!("sys {name}");
        let is = |wanted: &str| builtin.iter().any(|command| command.name == wanted);
        match () {
            () if is(name) => Some((*name).to_owned()),
            () => is(&shadowed).then_some(shadowed),
        }
    };
    of.iter().filter_map(typed).collect()
}

/// The names of the commands, a line a group; those beyond the room are counted.
fn names(width: Option<usize>, own: &[&CommandInfo], room: usize) -> Result<Vec<String>, fmt::Error> {
    let groups = blocks(own);
    let column = groups.keys().map(|group| group.width()).max().unwrap_or(0);
    // Lines, and how many commands each names.
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

/// The lines that something writes.
fn written(
    width: Option<usize>,
    write: impl FnOnce(&mut Page<'_>) -> fmt::Result,
) -> Result<Vec<String>, fmt::Error> {
    let mut text = String::new();
    write(&mut Page::new(&mut text, width, usize::MAX))?;
    Ok(text.lines().map(str::to_owned).collect())
}
