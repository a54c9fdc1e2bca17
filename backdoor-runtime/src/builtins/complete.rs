//! What the editor of a terminal asks when Tab is pressed, for whoever has an editor of his own.

use crate::{Candidate, Console, State, backdoor_command};

/// What the last word of a line may become
///
/// A line that ends in a space asks for a new word.
#[backdoor_command(builtin = "console", reads, hidden, on = console)]
async fn complete(
    State(console): State<Console>,
    /// The line so far
    #[arg(rest, line)]
    line: Option<String>,
) -> Vec<Candidate> {
    console.complete(&line.unwrap_or_default()).await
}
