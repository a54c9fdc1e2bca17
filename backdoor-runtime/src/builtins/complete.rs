//! Completion for clients with an editor, which send this command when Tab is pressed.

use crate::{Candidate, Console, State, backdoor_command};

/// List the completions of a line's last word
///
/// A line that ends in a space is completed with a new word.
#[backdoor_command(builtin = "console", reads, hidden, on = console)]
async fn complete(
    State(console): State<Console>,
    /// The line so far
    #[arg(rest, line)]
    line: Option<String>,
) -> Vec<Candidate> {
    console.complete(&line.unwrap_or_default()).await
}
