//! `RawAnsi`, the one reply that may move a terminal's cursor, and other replies, which may not.

use backdoor_runtime::{PrintError, RawAnsi, Session, backdoor_command};

use crate::client::{Client, script};
use crate::wire::{plain_tcp, tcp};

const COLOURED: &str = "\x1b[31mred\nand\u{9b}1m bold";

/// Colours, from a thread and with a line before them
#[backdoor_command(name = "wire colours")]
fn colours(session: Session) -> Result<RawAnsi, PrintError> {
    session.blocking_println("\x1b[2Jprinted")?;
    Ok(RawAnsi(COLOURED.to_owned()))
}

/// More colours than one piece holds
#[backdoor_command(name = "wire rainbow")]
async fn rainbow() -> Option<RawAnsi> {
    Some(RawAnsi(COLOURED.repeat(10_000)))
}

/// Colours as items
#[backdoor_command(name = "wire many-colours")]
fn many_colours() -> impl Iterator<Item = RawAnsi> + use<> {
    std::iter::once(RawAnsi(COLOURED.to_owned()))
}

const SPELT: &str = "\\x1b[31mred\nand\\u{9b}1m bold";

#[test]
fn only_a_raw_reply_reaches_a_terminal_unchanged() {
    for address in [tcp(), plain_tcp()] {
        let mut client = Client::prompted(address);
        let answer = client.ask("wire colours").replace("\r\n", "\n");
        assert_eq!(answer, format!("\\x1b[2Jprinted\n{COLOURED}\x1b[0m\n"));
        let answer = client.ask("wire rainbow").replace("\r\n", "\n");
        assert_eq!(answer, format!("{}\x1b[0m\n", COLOURED.repeat(10_000)));
        // The next answer is escaped as usual.
        assert!(client.ask("wire echo \x1b[2J").starts_with("\\x1b[2J"));
        assert!(client.ask("wire \x1b[2J").contains("no command `\\x1b[2J`"));
    }
}

#[test]
fn a_raw_reply_is_escaped_without_a_terminal() {
    assert_eq!(script(tcp(), "wire colours\n"), format!("\\x1b[2Jprinted\n{SPELT}\n"));
    let mut client = Client::prompted(tcp());
    assert_eq!(client.ask("wire many-colours").replace("\r\n", "\n"), format!("{SPELT}\n"));
    let json = client.ask("wire colours --json");
    assert!(json.chars().all(|character| !character.is_control() || "\r\n".contains(character)), "{json:?}");
    assert!(json.contains(r"\u001b[31mred\nand"), "{json:?}");
}
