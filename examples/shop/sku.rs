//! The shop's products by name. The names are fixed, so that an operator's word can be checked before a command runs.

use std::fmt;

use backdoor_runtime::{ArgError, ChoiceWord, FromArg, choose};
use serde::{Serialize, Serializer};

/// The name of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Sku(usize);

const NAMES: [&str; 40] = [
    "anvil", "bell", "broom", "bucket", "candle", "chisel", "clamp", "compass", "crate", "drill", "easel",
    "file", "funnel", "gloves", "hammer", "hinge", "hook", "jigsaw", "kettle", "ladder", "lantern", "level",
    "mallet", "nails", "padlock", "paint", "pliers", "pulley", "rake", "rope", "sander", "saw", "shovel",
    "sickle", "spade", "tape", "tongs", "trowel", "vice", "wrench",
];

/// The names as words of the command line: [`choose`] suggests a name for a mistyped one.
const WORDS: [ChoiceWord; NAMES.len()] = {
    let mut words = [ChoiceWord { name: "", aliases: &[], help: "" }; NAMES.len()];
    let mut at = 0;
    while at < NAMES.len() {
        words[at].name = NAMES[at];
        at += 1;
    }
    words
};

impl Sku {
    pub(crate) fn all() -> impl Iterator<Item = Self> + Clone {
        (0..NAMES.len()).map(Self)
    }

    pub(crate) fn find(name: &str) -> Option<Self> {
        NAMES.binary_search(&name).ok().map(Self)
    }

    pub(crate) fn name(self) -> &'static str {
        NAMES[self.0]
    }

    /// Its index in the list.
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// The names that begin with this text, for `#[arg(complete = ..)]`.
pub(crate) fn complete(so_far: &str) -> Vec<String> {
    NAMES.iter().filter(|name| name.starts_with(so_far)).map(ToString::to_string).collect()
}

impl FromArg for Sku {
    const NAME: &'static str = "product";

    fn from_arg(word: &str) -> Result<Self, ArgError> {
        choose(word, &WORDS).map(Self)
    }

    fn to_arg(&self) -> Option<String> {
        Some(self.name().to_owned())
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Sku {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found() {
        for sku in Sku::all() {
            assert_eq!(Sku::find(sku.name()), Some(sku));
        }
        assert_eq!(complete("sh"), ["shovel"]);
    }
}
