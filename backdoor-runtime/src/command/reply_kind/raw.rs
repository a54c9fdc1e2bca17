//! The one reply that may move a terminal's cursor.

use std::fmt::{self, Write};

use crate::reply::Value;
use crate::reply::page::{CommandOutput, Ours, Page};

/// A reply whose text goes to the operator's terminal as it is, escape sequences too: colours, a chart that is drawn anew.
///
/// Of every other reply a control character is spelled out (`\x1b`), since what a service keeps may come from its users: with this
/// type the author vouches for each byte. It is for a session with a prompt, where a terminal may be expected; a script, a test, and
/// an item of a stream have it spelled out as usual, and `--json` has the text as a JSON string. The console resets colours behind it.
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
