//! `commands`: every command as data, for tools and reviews.

use std::fmt;

use crate::{Column, CommandInfo, CommandOutput, Console, Cut, Page, State, Value, backdoor_command};

/// List every command with its usage and source location
///
/// Hidden commands are included. A terminal shows the file without its directories. With `--json`, each command has its arguments,
/// types, defaults, ranges and choices.
///
/// Examples:
///   commands
///   commands --json
#[backdoor_command(builtin = "console", reads, on = console)]
async fn commands(State(console): State<Console>) -> Catalogue {
    Catalogue(console.commands().await)
}

struct Catalogue(Vec<CommandInfo>);

impl CommandOutput for Catalogue {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let is_terminal = page.width().is_some();
        let row = |command: &CommandInfo| {
            // The end of a path matters more than its beginning, so a narrow table keeps the end.
            let declared = match command.declared.rsplit_once('/') {
                Some((_, file)) if is_terminal => file,
                _ => &command.declared,
            };
            Value::record([
                ("effect", command.effect.as_str().into()),
                ("usage", command.usage.as_str().into()),
                ("declared", declared.into()),
            ])
        };
        let columns = [
            Column::new("usage").cut(Cut::End).least(16),
            Column::new("declared").cut(Cut::Start).spare(1),
            Column::new("effect").spare(2),
        ];
        page.table(&self.0.iter().map(row).collect::<Vec<_>>(), &columns)
    }

    fn value(&self) -> Value {
        Value::of(&self.0)
    }
}
