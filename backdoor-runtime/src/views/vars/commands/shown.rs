//! The replies of the commands for variables: a table, one variable, the changes, and the journal.

use std::collections::BTreeSet;
use std::fmt::{self, Write};
use std::time::SystemTime;

use crate::reply::figures::{short_time, whole_seconds};
use crate::views::vars::{Change, Changed, VarInfo, typed};
use crate::{Column, CommandOutput, Cut, FromArg, Page, Value};

/// The width from which a terminal shows full times.
const WIDE: usize = 120;

pub(super) struct Listed {
    pub(super) variables: Vec<VarInfo>,
    /// Registries that did not answer, each with the reason.
    pub(super) missing: Vec<String>,
    pub(super) pattern: Option<String>,
    pub(super) changed: bool,
}

impl CommandOutput for Listed {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        for why in &self.missing {
            writeln!(page, "not read: the registry {why}")?;
        }
        if self.variables.is_empty() {
            return match (&self.pattern, self.changed) {
                (Some(pattern), false) => {
                    writeln!(page, "no variable has `{pattern}` in its name; `vars` lists all")
                }
                (_, true) => writeln!(page, "no variable has changed"),
                (None, false) => {
                    writeln!(page, "the service has no variables; it declares them with `#[backdoor_var]`")
                }
            };
        }
        const COLUMNS: [Column; 6] = [
            Column::new("name").whole(),
            Column::new("value").least(32),
            Column::new("unit").spare(2),
            Column::new("type").spare(1),
            Column::new("default").spare(3),
            Column::new("changed").below(),
        ];
        let at = clock(page);
        let row = |variable: &VarInfo| {
            let mark = if variable.settable { " *" } else { "" };
            Value::record([
                ("name", format!("{}{mark}", variable.name).into()),
                ("value", variable.brief()),
                ("unit", variable.unit.as_str().into()),
                ("type", variable.type_name.as_str().into()),
                ("default", variable.default.as_ref().map(typed).unwrap_or_default()),
                ("changed", variable.changed.as_ref().map(|changed| changed_text(changed, at)).into()),
            ])
        };
        page.table(&self.variables.iter().map(row).collect::<Vec<_>>(), &COLUMNS)?;
        match self.variables.iter().any(|variable| variable.settable) {
            true => writeln!(page, "* can be set"),
            false => Ok(()),
        }
    }

    fn value(&self) -> Value {
        Value::of(&self.variables)
    }
}

/// The author, time, end and reason of a change, in one sentence.
fn changed_text(changed: &Changed, time: fn(SystemTime) -> String) -> String {
    let Some(change) = changed.change() else { return format!("by {}", changed.by()) };
    let mut text = format!("by {} at {}", change.by, time(change.at));
    if let Some(until) = change.until {
        text.push_str(&format!(" until {}", time(until)));
    }
    if let Some(because) = &change.because {
        text.push_str(&format!(": {because}"));
    }
    text
}

/// A time to the second.
pub(crate) fn time(at: SystemTime) -> String {
    Value::Time(whole_seconds(at)).to_text(None).trim_end().to_owned()
}

/// The author of a change on a narrow terminal: without the address, which `who` shows.
fn author<'a>(page: &Page<'_>, by: &'a str) -> &'a str {
    match page.width().is_some_and(|width| width < WIDE) {
        true => by.split(" (").next().unwrap_or(by),
        false => by,
    }
}

/// The text of a change in a narrow column: without the length, because `until` shows its end.
fn what<'a>(page: &Page<'_>, change: &'a Change) -> &'a str {
    match change.what.split_once(" for ") {
        Some((what, _)) if change.until.is_some() && page.width().is_some_and(|width| width < WIDE) => what,
        _ => &change.what,
    }
}

/// How to write times in a table: shorter on a narrow terminal.
fn clock(page: &Page<'_>) -> fn(SystemTime) -> String {
    if page.width().is_some_and(|width| width < WIDE) { short_time } else { time }
}

pub(super) struct One(pub(super) VarInfo);

impl CommandOutput for One {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let variable = &self.0;
        let at = clock(page);
        let mut fields = vec![("name", variable.name.as_str().into()), ("value", variable.shown())];
        let mut add = |name, value: Option<Value>| fields.extend(value.map(|value| (name, value)));
        let text = |text: &str| (!text.is_empty()).then(|| Value::from(text));
        add("unit", text(&variable.unit));
        add("type", text(&variable.type_name));
        add("default", variable.default.as_ref().map(typed));
        add("changed", variable.changed.as_ref().map(|changed| changed_text(changed, at).into()));
        add("settable", Some(variable.settable.into()));
        add("accepts", variable.accepts.clone().map(Value::from));
        add("declared", variable.declared.clone().map(Value::from));
        add("help", text(&variable.help));
        page.write_str(&Value::record(fields).to_text(page.width()))
    }

    fn value(&self) -> Value {
        Value::of(&self.0)
    }
}

pub(super) struct Made(pub(super) Vec<Change>);

impl CommandOutput for Made {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        for change in &self.0 {
            let Change { number, name, old, new, .. } = change;
            write!(page, "{name}: {} -> {} (change {number}", cell(&typed(old)), cell(&typed(new)))?;
            match change.until {
                Some(until) => writeln!(page, ", until {})", time(until))?,
                None => writeln!(page, ")")?,
            }
        }
        Ok(())
    }

    fn value(&self) -> Value {
        Value::of(&self.0)
    }
}

/// A value inside a line: text is quoted if its ends would be invisible.
fn cell(value: &Value) -> String {
    match value {
        Value::Text(text) if !text.is_empty() && !text.contains(char::is_whitespace) => text.clone(),
        Value::Duration(length) => length.to_arg().unwrap_or_default(),
        Value::Time(_) => value.to_text(None).trim_end().to_owned(),
        value => value.to_string(),
    }
}

pub(super) struct Journal(pub(super) Vec<Change>);

impl CommandOutput for Journal {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return writeln!(page, "nothing has been changed");
        }
        const COLUMNS: [Column; 6] = [
            Column::new("name").whole(),
            Column::new("what").least(8),
            Column::new("by").cut(Cut::End).least(9),
            Column::new("because").below(),
            Column::new("until").spare(2),
            Column::new("old").spare(1),
        ];
        let names: BTreeSet<&str> = self.0.iter().filter_map(|change| change.console.as_deref()).collect();
        // The name of the console, if the changes come from several.
        let by = |change: &Change| match &change.console {
            Some(console) if names.len() > 1 => format!("{console}: {}", change.by),
            _ => change.by.clone(),
        };
        let row = |change: &Change| {
            Value::record([
                ("change", change.number.into()),
                ("at", whole_seconds(change.at).into()),
                ("name", change.name.as_str().into()),
                ("old", typed(&change.old)),
                ("new", typed(&change.new)),
                ("what", what(page, change).into()),
                ("by", author(page, &by(change)).into()),
                ("because", change.because.clone().into()),
                ("until", change.until.map(whole_seconds).into()),
            ])
        };
        page.table(&self.0.iter().map(row).collect::<Vec<_>>(), &COLUMNS)
    }

    fn value(&self) -> Value {
        Value::of(&self.0)
    }
}
