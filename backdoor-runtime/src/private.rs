//! All items that generated code may use. Nothing here is stable; use the macros.
//!
//! `lib.rs` adds this crate's version to the module's name, and the macros use theirs. If the two differ, `__backdoor_check_version!`
//! reports it.

pub use std::boxed::Box;
pub use std::convert::From;
pub use std::option::Option::{self, None, Some};
pub use std::primitive::str;
pub use std::result::Result;
pub use std::string::String;
pub use std::{concat, file, line, module_path, stringify};

pub use backdoor_macros::build_info_in;
pub use inventory;
pub use serde_core::{Serialize, Serializer};

pub use crate::command::param::{Gives, Server};
pub use crate::command::range::RangeOf;
pub use crate::command::registry::Registered;
pub use crate::command::reply_kind::autoref::{Peel, Piece, ReplyKind};
pub use crate::command::reply_kind::error::ReplyError;
pub use crate::command::reply_kind::kinds::ReplyType;
pub use crate::command::reply_kind::runner::boxed;
pub use crate::command::reply_kind::show::InPieces;
pub use crate::command::reply_kind::signature::*;
pub use crate::command::secrecy::Secrecy;
pub use crate::command::via_from_str::ParsedFromStr;
pub use crate::command::{
    ArgError, ChoiceWord, Command, Complete, Declared, Default, Effect, FromArg, Origin, Param, Parameter,
    Place, Range, Run, Style, Timeout, ViaFromStr, ViaOne, bounds, check_default, check_long, check_name,
    check_parameter, check_plain_name, check_range, check_rest, check_secret, check_short, check_supplied,
    choice, show, take,
};
pub use crate::server::unregistered::Expected;
pub use crate::service::build::build_info;
pub use crate::views::objects::generic_kinds::kind_of;
pub use crate::views::objects::guard::{AnyField, OtherField, beside_guard};
pub use crate::views::objects::kind::Kind;
pub use crate::views::objects::{Track, TrackGuard};
pub use crate::views::vars::functions::{IsTold, Validates};
pub use crate::views::vars::probe::{
    ByClone, ByData, ByDebug, ByHolder, ByLasting, ByReadable, ByReference, ByText, ByWord, ByWordOrData,
    PlaceProbe,
};
pub use crate::views::vars::variable::{RegisteredVariable, Setting, Variable, settable};

/// Reports which two versions meet, if the macros' version differs from this crate's.
#[doc(hidden)]
#[macro_export]
macro_rules! __backdoor_check_version {
    ("0.1.0") => {};
    ($version:literal) => {
        ::core::compile_error!(::core::concat!(
            "backdoor-macros ",
            $version,
            " cannot expand code for backdoor-runtime 0.1.0\n\
             = help: depend on `backdoor-runtime` alone, which has its macros; `cargo tree -i backdoor-macros` shows who else does"
        ));
    };
}

#[cfg(test)]
mod tests {
    /// If they differ, everything else fails to compile: the macros expand the built-in commands.
    #[test]
    fn error_of_another_version_names_this_one() {
        let own = concat!(" for backdoor-runtime ", env!("CARGO_PKG_VERSION"), "\\n");
        assert!(include_str!("private.rs").contains(own), "{own}");
    }
}
