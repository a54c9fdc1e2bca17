//! The commands of the console that is measured.

use backdoor_runtime::backdoor_command;

/// What the big answers are made of: a hundred bytes.
const LINE: &str = "a line of a hundred bytes, as a log or a dump might have it, with nothing in it that has to be escaped\n";

/// How many bytes a big answer has.
pub(crate) const BIG: usize = 10_000_000;

/// How many bytes an item of the stream has.
const ITEM: usize = 10_000;

/// The value itself
#[backdoor_command(reads, name = "echo sync")]
fn echo_sync(word: String) -> String {
    word
}

/// The value itself, ready at once
#[backdoor_command(reads, name = "echo async")]
async fn echo_async(word: String) -> String {
    word
}

/// The value itself, on the console's thread
#[backdoor_command(reads, name = "echo console", on = console)]
fn echo_console(word: String) -> String {
    word
}

/// Three arguments, on the console's thread
#[backdoor_command(reads, on = console)]
fn three(target: String, count: u32, #[arg(long)] by: Option<u16>) -> String {
    if by.is_some_and(|by| u32::from(by) == count) { String::new() } else { target }
}

/// Ten megabytes
#[backdoor_command(reads, name = "big sync")]
fn big_sync() -> String {
    text(BIG)
}

/// Ten megabytes, of an asynchronous command
#[backdoor_command(reads, name = "big async")]
async fn big_async() -> String {
    text(BIG)
}

/// Ten megabytes in pieces, of a synchronous command
#[backdoor_command(reads, name = "big iterator")]
fn big_iterator() -> impl Iterator<Item = String> {
    (0..BIG / ITEM).map(|_| text(ITEM))
}

/// Ten megabytes in pieces, of an asynchronous command
#[backdoor_command(reads, name = "big stream")]
async fn big_stream() -> impl tokio_stream::Stream<Item = String> {
    tokio_stream::iter((0..BIG / ITEM).map(|_| text(ITEM)))
}

/// Whole lines, exactly this many bytes; it ends with a newline.
pub(crate) fn text(bytes: usize) -> String {
    let mut text = LINE.repeat(bytes / LINE.len() + 1);
    text.truncate(bytes - 1);
    text.push('\n');
    text
}
