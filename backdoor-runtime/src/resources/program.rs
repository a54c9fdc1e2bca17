//! What the process was started with.

use std::env;

/// The names of the environment's variables, sorted. Values may be secrets and are not shown.
pub fn environment_names() -> Vec<String> {
    let mut names: Vec<String> =
        env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The command line, the program first. What looks like a secret is not shown.
pub fn arguments() -> Vec<String> {
    env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect()
}
