//! The blocks of a README; its sessions are typed again with the real client and compared.

use crate::pty::Terminal;

/// One fenced block.
pub(crate) struct Block {
    pub(crate) language: &'static str,
    pub(crate) text: String,
}

/// The fenced blocks of a document, in order.
pub(crate) fn blocks(document: &'static str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in document.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some(Block { language, text: String::new() }),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "the last block has no end");
    blocks
}

/// The session that starts with this and contains this: the command and its output.
#[track_caller]
pub(crate) fn session_of<'a>(blocks: &'a [Block], start: &str, mark: &str) -> (&'a str, &'a str) {
    let mut found = blocks.iter().filter(|block| block.language == "console");
    let found = found.find(|block| block.text.starts_with(start) && block.text.contains(mark));
    let session = &found.unwrap_or_else(|| panic!("there is no session with {mark}")).text;
    let (command, shown) = session.split_once('\n').unwrap();
    (command.trim_start_matches("$ "), shown)
}

/// The output that the block of `cargo run --example NAME` shows.
#[track_caller]
pub(crate) fn printed<'a>(blocks: &'a [Block], name: &str) -> Vec<&'a str> {
    session_of(blocks, &format!("$ cargo run --example {name}\n"), name).1.lines().collect()
}

/// Types the typed parts of a session, and returns the client's output. `before` gets each line before it is typed.
///
/// The text after a prompt or a question is typed, and `^C`, after the line above it has appeared.
#[track_caller]
pub(crate) fn replay(
    address: [&str; 2],
    prompt: &str,
    session: &str,
    mut before: impl FnMut(&str),
) -> String {
    const QUESTION: &str = "Type yes to run it: ";
    let mut terminal = Terminal::start("telnet", "inetutils-telnet", &address);
    let mut shown = String::new();
    let mut above = "";
    for line in session.lines() {
        let (wanted, typed) = if line == "^C" {
            (above, None)
        } else if let Some((_, answer)) = line.split_once(QUESTION) {
            (QUESTION, Some(answer))
        } else if let Some(typed) = line.strip_prefix(prompt).filter(|typed| !typed.is_empty()) {
            (prompt, Some(typed))
        } else {
            above = line;
            continue;
        };
        shown.push_str(&terminal.expect(wanted));
        before(typed.unwrap_or(line));
        terminal.press(&typed.map_or_else(|| "\x03".to_owned(), |typed| format!("{typed}\r")));
    }
    shown.push_str(&terminal.expect_end());
    shown.replace('\r', "")
}

/// Replaces each part of a banner that differs between runs with a name: process, host and uptime.
pub(crate) fn placeholders(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let banner = line.split_once(", pid ").and_then(|(name, rest)| {
            let (pid, rest) = rest.split_once(" on ")?;
            let (host, uptime) = rest.split_once(", up ")?;
            let is_pid = !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit());
            let is_host = !host.is_empty() && !host.contains(' ');
            let is_uptime = uptime.ends_with('s') && uptime.starts_with(|c: char| c.is_ascii_digit());
            (is_pid && is_host && is_uptime).then(|| format!("{name}, pid PID on HOST, up UPTIME"))
        });
        lines.push(banner.unwrap_or_else(|| line.to_owned()));
    }
    lines.join("\n") + "\n"
}

/// Replaces each number with `N` and each duration with `TIME`, and folds the spaces that pad columns. A line of carets is unchanged.
pub(crate) fn without_numbers(text: &str) -> String {
    let mut masked = String::new();
    for line in text.lines() {
        if line.contains('^') && line.chars().all(|c| matches!(c, ' ' | '^')) {
            masked += line;
        } else {
            let words: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(mask).collect();
            masked += &words.join(" ");
        }
        masked.push('\n');
    }
    masked
}

fn mask(word: &str) -> String {
    let mut masked = String::new();
    let mut rest = word;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let is_part = |(at, c): (usize, char)| {
            let is_digit = |at: usize| number.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
            c.is_ascii_digit() || matches!(c, '.' | ',') && is_digit(at + 1)
        };
        let end = number.char_indices().find(|part| !is_part(*part)).map_or(number.len(), |(at, _)| at);
        let behind = &number[end..];
        let unit = behind.find(|c: char| !c.is_alphanumeric()).unwrap_or(behind.len());
        let is_time = ["us", "ms", "s", "m", "h"].contains(&&behind[..unit]);
        masked += before;
        masked += if is_time { "TIME" } else { "N" };
        rest = if is_time { &behind[unit..] } else { behind };
    }
    masked + rest
}

#[test]
fn only_numbers_times_and_padding_are_masked() {
    let check = |text: &str, masked: &str| assert_eq!(without_numbers(text), format!("{masked}\n"));
    check("2491  lantern  1  no rope is left", "N lantern N no rope is left");
    check("lantern: 41.47 -> 12,50", "lantern: N -> N");
    check("age 38.618s, in 10m; 5 metres", "age TIME, in TIME; N metres");
    check("orders    {failed: 41, shipped: 2515}", "orders {failed: N, shipped: N}");
    check("[-n|--last <1..=5000>]", "[-n|--last <N..=N>]");
    check("   ^^^", "   ^^^");
}
