//! The whole surface as data, for tools and reviews.

use crate::{CommandInfo, CommandOutput, Console, Page, State, Value, backdoor_command};
use std::fmt::{self, Write};

/// Every command, with its usage and its place in the source
///
/// Hidden ones too. A terminal shows the file without its folders. With `--json`, everything that is known of each: arguments, types,
/// defaults, ranges and choices.
#[backdoor_command(reads, on = console)]
async fn commands(State(console): State<Console>) -> Catalogue {
    Catalogue(console.commands().await)
}

struct Catalogue(Vec<CommandInfo>);

impl CommandOutput for Catalogue {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let is_terminal = page.width().is_some();
        let row = |command: &CommandInfo| {
            // Its end says more than its beginning, which is what a table would leave of it.
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
        let rows: Value = self.0.iter().map(row).collect::<Vec<Value>>().into();
        page.write_str(&rows.to_text(page.width()))
    }

    fn value(&self) -> Value {
        Value::of(&self.0)
    }
}
