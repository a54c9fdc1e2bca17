//! Commands in a dependency crate.

use backdoor_runtime::backdoor_command;

/// Say where this command comes from
#[backdoor_command(name = "args from linked", aliases("afl"), reads)]
fn from_linked() -> &'static str {
    "linked"
}
