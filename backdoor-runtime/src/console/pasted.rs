//! Lines that were pasted from a transcript or a file: what stands in front of the command there is no part of it.

/// BYTE ORDER MARK, as some editors put it in front of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// What a shell shows where nobody special types.
const SHELL: &str = "$";

/// What stands in front of the command in a line.
pub(super) struct Front {
    /// How many bytes that is.
    pub(super) bytes: usize,
    /// What follows is a comment, which nobody runs.
    pub(super) is_comment: bool,
}

/// What stands in front of the command: white space, byte order marks, the console's own prompt and a shell's, each as often as it is
/// there. Another console's prompt is not left out: its line was meant for another service.
pub(super) fn front(line: &str, prompt: &str) -> Front {
    let prompt = prompt.trim_end();
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        let marks = [BYTE_ORDER_MARK.encode_utf8(&mut [0; 4]), prompt, SHELL].map(|mark| {
            rest.strip_prefix(mark).filter(|rest| mark.starts_with(BYTE_ORDER_MARK) || is_word_end(rest))
        });
        match marks.into_iter().flatten().next() {
            Some(behind) => rest = behind,
            None => break,
        }
    }
    // White space alone stays: it is nobody's front.
    let bytes = if rest.len() == line.trim_start().len() { 0 } else { line.len() - rest.len() };
    Front { bytes, is_comment: rest.starts_with('#') }
}

fn is_word_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_transcript_has_in_front_is_left_out() {
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
