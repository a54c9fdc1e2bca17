//! The rules for an author's types, as the traits that a compiler error names when a rule is broken. There is nothing to implement and
//! nothing to call here: each trait holds for every type that keeps its rule.
//!
//! | trait | rule |
//! |---|---|
//! | [`Param`] | a parameter of a command implements [`FromArg`](crate::FromArg), is an `Option` or a `Vec` of such a type, or is supplied |
//! | [`ParsedFromStr`] | a parameter with `#[arg(from_str)]` implements `FromStr` with an error that implements `Display` |
//! | [`Gives`] | the `T` of a [`State<T>`](crate::State) is `Clone`, `Send`, `Sync` and `'static` |
//! | [`RangeOf`] | a `range` is one of its parameter's or variable's own type |
//! | [`ReplyType`] | a reply implements `Display`, `Serialize` or `Debug`, or is made of what does |
//! | [`ReplyError`] | the error of a reply implements `Display` |
//! | [`InPieces`] | a reply in pieces is `Send` and `'static` |
//! | [`Lasting`] | a variable lives in an atomic, a lock, a `OnceLock` or a `LazyLock`, or is [`Readable`](crate::views::vars::Readable) |
//! | [`Shown`] | the value of a variable implements `Display`, `Serialize` or `Debug` |
//! | [`Settable`] | a variable that can be set lives in an atomic or a lock |
//! | [`SetValue`] | its value implements [`FromArg`](crate::FromArg), `Clone` and `PartialEq`, or is an `Option` of what does |
//! | [`Validates`] | `validate` is a `fn(&T) -> Result<(), E>` with `E: Display` |
//! | [`IsTold`] | `on_change` is a `fn(&T)` |

pub use crate::command::Param;
pub use crate::command::param::Gives;
pub use crate::command::range::RangeOf;
pub use crate::command::reply_kind::error::ReplyError;
pub use crate::command::reply_kind::kinds::ReplyType;
pub use crate::command::reply_kind::show::InPieces;
pub use crate::command::via_from_str::ParsedFromStr;
pub use crate::views::vars::functions::{IsTold, Validates};
pub use crate::views::vars::place::{Lasting, SetValue, Settable};
pub use crate::views::vars::probe::Shown;
