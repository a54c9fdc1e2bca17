//! An author's hour: what the cases `author.md` and `newcomer.md` tried with `Backdoor::testing()`, errors and replies.

mod errors;
mod testing;
