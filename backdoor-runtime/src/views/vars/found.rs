//! One variable, static or computed, independent of its registry.

use std::fmt;
use std::sync::Arc;

use crate::Value;
use crate::views::trends::{self, Watched};
use crate::views::vars::computed::Computed;
use crate::views::vars::variable::{Setting, Variable};
use crate::views::vars::{Readable, Reading};

/// One variable.
#[derive(Clone)]
pub(crate) enum Found {
    /// A static.
    Declared(&'static Variable),
    /// A closure.
    Computed(Arc<Computed>),
}

impl Found {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Declared(variable) => variable.name,
            Self::Computed(variable) => &variable.name,
        }
    }

    pub(crate) fn help(&self) -> &str {
        match self {
            Self::Declared(variable) => variable.help,
            Self::Computed(variable) => &variable.help,
        }
    }

    pub(crate) fn unit(&self) -> &str {
        match self {
            Self::Declared(variable) => variable.unit,
            Self::Computed(variable) => &variable.unit,
        }
    }

    pub(crate) fn is_hidden(&self) -> bool {
        match self {
            Self::Declared(variable) => variable.hidden,
            Self::Computed(variable) => variable.hidden,
        }
    }

    pub(crate) fn is_secret(&self) -> bool {
        match self {
            Self::Declared(variable) => variable.secret,
            Self::Computed(variable) => variable.secret,
        }
    }

    pub(crate) fn is_trended(&self) -> bool {
        match self {
            Self::Declared(variable) => variable.trend,
            Self::Computed(variable) => variable.trend,
        }
    }

    pub(crate) fn setting(&self) -> Option<(&'static Variable, &'static Setting)> {
        match self {
            Self::Declared(variable) => variable.setting.as_ref().map(|setting| (*variable, setting)),
            Self::Computed(_) => None,
        }
    }

    /// The name of its value's type: the last words of the path.
    pub(crate) fn type_name(&self) -> String {
        match self {
            Self::Declared(variable) => without_paths((variable.type_name)()),
            Self::Computed(_) => "computed".to_owned(),
        }
    }

    /// Where it is declared in the source.
    pub(crate) fn declared(&self) -> Option<String> {
        match self {
            Self::Declared(variable) => {
                let declared = variable.declared;
                Some(format!("{}:{} in {}", declared.file, declared.line, declared.krate()))
            }
            Self::Computed(_) => None,
        }
    }

    /// Watches its numbers, if they are not watched yet. A secret variable has no trend.
    pub(super) fn watch(&self) {
        let name = self.name();
        if self.is_secret() || trends::names().iter().any(|watched| watched == name) {
            return;
        }
        let watched = match self {
            Self::Declared(variable) => Watched::variable(variable.name, *variable),
            Self::Computed(_) => {
                let found = self.clone();
                Watched::computed(name.to_owned(), move || found.read())
            }
        };
        // If a thousand numbers are watched already, it has no trend; `trend` reports that.
        trends::watch(watched.unit(self.unit().to_owned()));
    }
}

impl Readable for Found {
    fn read(&self) -> Reading {
        match self {
            Self::Declared(variable) => variable.read(),
            Self::Computed(variable) => Reading::Value(variable.value()),
        }
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text that replaces a secret value.
pub(crate) fn dots() -> Value {
    Value::Text("••••".to_owned())
}

/// `core::option::Option<alloc::string::String>` is `Option<String>`.
fn without_paths(name: &str) -> String {
    let mut short = String::new();
    let mut start = 0;
    for c in name.chars() {
        if c.is_alphanumeric() || c == '_' {
            short.push(c);
        } else if c == ':' {
            short.truncate(start);
        } else {
            short.push(c);
            start = short.len();
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_named_by_its_last_words() {
        let check = |name: &str, short: &str| assert_eq!(without_paths(name), short);
        check("u32", "u32");
        check("core::option::Option<alloc::string::String>", "Option<String>");
        check("(my::Type, [u8; 4])", "(Type, [u8; 4])");
        check("&dyn a::B + c::D", "&dyn B + D");
    }
}
