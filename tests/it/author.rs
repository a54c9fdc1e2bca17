//! The cases of `author.md` and `newcomer.md` about `Backdoor::testing()`, errors and replies.

mod errors;
mod testing;
