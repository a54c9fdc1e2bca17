//! The environment and the arguments of the process.

use std::{env, mem};

use crate::base::scrub;
use crate::base::sort;

/// The text that replaces a secret.
const STARS: &str = "***";

/// The names of the environment's variables, sorted. Values may be secrets and are not shown.
pub(crate) fn environment_names() -> Vec<String> {
    let mut names: Vec<String> =
        env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    sort::sort(&mut names);
    names
}

/// The command line, the program first, with stars for text that looks like a secret: the value of `--password`, in the same argument or
/// the next, and everything that the log masks, such as passwords in URLs.
pub(crate) fn arguments() -> Vec<String> {
    without_secrets(env::args_os().map(|argument| argument.to_string_lossy().into_owned()))
}

/// Any other command line, in the same way.
pub(super) fn without_secrets(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut is_value = false;
    let hide = |argument: String| {
        let (name, value) = match argument.split_once('=') {
            Some((name, _)) => (name, true),
            None => (argument.as_str(), false),
        };
        // The word after an option without a value may be another option: rather mask a word too many than one too few.
        match (mem::take(&mut is_value), scrub::is_secret(name), value) {
            (true, _, _) => STARS.to_owned(),
            // The whole argument: a value may contain blanks.
            (false, true, true) => format!("{name}={STARS}"),
            (false, is_secret, _) => {
                is_value = is_secret && argument.starts_with('-');
                scrubbed(&argument)
            }
        }
    };
    arguments.map(hide).collect()
}

fn scrubbed(argument: &str) -> String {
    let mut out = Vec::with_capacity(argument.len());
    scrub::scrub(argument.as_bytes(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_the_command_line_is_shown() {
        let shown = |line: &str| without_secrets(line.split('|').map(str::to_owned)).join("|");
        let check = |line: &str, expected: &str| assert_eq!(shown(line), expected);
        check("shop|--port|3000|--verbose|a=b", "shop|--port|3000|--verbose|a=b");
        check("shop|--password=hunter2|--port=1", "shop|--password=***|--port=1");
        check("shop|--password=hunter 2, and more|x", "shop|--password=***|x");
        check("shop|--password|hunter2|--port|1", "shop|--password|***|--port|1");
        check("shop|--password|-hunter2", "shop|--password|***");
        check("shop|--db.api-key|a|--api-key|b|c", "shop|--db.api-key|***|--api-key|***|c");
        check("shop|DB_PASS=a|--password", "shop|DB_PASS=***|--password");
        check("shop|reset|password|bob", "shop|reset|password|bob");
        check("shop|--token-file|/run/token", "shop|--token-file|/run/token");
        check("shop|--db=postgres://shop:hunter2@db/o", "shop|--db=postgres://shop:***@db/o");
        check("shop|redis://:hunter2@cache:6379/0", "shop|redis://:***@cache:6379/0");
        check("shop|-H|Authorization: Bearer abc", "shop|-H|Authorization: Bearer ***");
    }
}
