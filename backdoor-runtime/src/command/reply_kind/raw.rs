//! The one reply that may move a terminal's cursor.

use std::fmt::{self, Write};

use crate::reply::Value;
use crate::reply::page::{CommandOutput, Ours, Page};

/// A reply whose text reaches the operator's terminal unchanged, with escape sequences: colours, or a chart that is redrawn.
///
/// In every other reply, control characters are escaped (`\x1b`), because data of a service may come from its users: with this type, the
/// author vouches for each byte. The text is unchanged only in a session with a prompt, where a terminal can be expected; in a script, a
/// test, and an item of a stream it is escaped as usual, and `--json` has the text as a JSON string. The console resets colours after it.
///
/// ```
/// use backdoor_runtime::{backdoor_command, RawAnsi};
///
/// /// Whether all is well
/// #[backdoor_command(reads)]
/// fn light() -> RawAnsi {
///     RawAnsi("\x1b[32mgreen\x1b[0m".to_owned())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawAnsi(pub String);

impl CommandOutput for RawAnsi {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        page.write_str(&self.0)
    }

    fn value(&self) -> Value {
        Value::Text(self.0.clone())
    }

    fn is_raw(&self, _: Ours) -> bool {
        true
    }
}
