//! Lines that were pasted from a transcript or a file: text before the command is removed.

/// BYTE ORDER MARK, as some editors put it in front of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The prompts of a shell for an ordinary user.
const SHELL: &str = "$";

/// The text before the command in a line.
pub(super) struct Front {
    /// Its length in bytes.
    pub(super) bytes: usize,
    /// A comment follows, which does not run.
    pub(super) is_comment: bool,
}

/// The text before the command: white space, byte order marks, the console's own prompt and a shell's, each any number of times. Another
/// console's prompt is not removed: its line was meant for another service.
pub(super) fn front(line: &str, prompt: &str) -> Front {
    // Nearly every line begins with its command, and most commands differ from the prompt at their first characters.
    let begin = line.as_bytes().first();
    if begin.is_some_and(u8::is_ascii_alphanumeric) && begin != prompt.as_bytes().first() {
        return Front { bytes: 0, is_comment: false };
    }
    let prompt = prompt.trim_end();
    let mut rest = line.trim_start();
    while let Some(behind) = behind_mark(rest, prompt) {
        rest = behind.trim_start();
    }
    // White space alone is kept: it is no prompt.
    let bytes = if rest.len() == line.trim_start().len() { 0 } else { line.len() - rest.len() };
    Front { bytes, is_comment: rest.starts_with('#') }
}

/// The length of a mark that is no part of a command.
fn behind_mark<'a>(line: &'a str, prompt: &str) -> Option<&'a str> {
    let behind = |mark| line.strip_prefix(mark).filter(|rest| is_word_end(rest));
    line.strip_prefix(BYTE_ORDER_MARK).or_else(|| behind(prompt)).or_else(|| behind(SHELL))
}

fn is_word_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_of_a_pasted_transcript_are_removed() {
        let check = |line: &str, expected: &str| {
            let front = front(line, "shop> ");
            assert_eq!(
                (&line[front.bytes..], front.is_comment),
                (expected, expected.trim_start().starts_with('#')),
                "{line:?}"
            );
        };
        check("status", "status");
        check("  status -v ", "  status -v ");
        check("shop> status", "status");
        check("  shop> status", "status");
        check("shop> shop>  status", "status");
        check("shop>", "");
        check("shop> ", "");
        check("$ status", "status");
        check("shop> $ status", "status");
        check("\u{feff}status", "status");
        check("\u{feff}shop> \u{feff}status", "status");
        check("\u{feff}", "");
        check("# a comment", "# a comment");
        check("  # a comment", "  # a comment");
        check("shop> # a comment", "# a comment");
        check("#status", "#status");
        check("shop>status", "shop>status");
        check("billing> status", "billing> status");
        check("$status", "$status");
        check("set a #1", "set a #1");
        check("", "");
    }
}
