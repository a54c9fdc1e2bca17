//! The variables of this process: those declared with `#[backdoor_var]` in any crate, and those registered while it runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use crate::Value;
use crate::base::suggest;
use crate::command::Declared;
use crate::views::trends;
use crate::views::vars::variable::{RegisteredVariable, Setting, Variable};
use crate::views::vars::{Computed, Readable, Reading, watched};

/// One variable.
#[derive(Clone)]
pub(crate) enum Found {
    /// A static.
    Declared(&'static Variable),
    /// A closure.
    Computed(Arc<Computed>),
}

/// The declared ones by name. Of two with one name, which the report at start refuses, the first in the order of modules is taken.
static DECLARED: LazyLock<BTreeMap<&'static str, &'static Variable>> = LazyLock::new(|| {
    let mut declared = BTreeMap::new();
    for variable in linked() {
        declared.entry(variable.name).or_insert(variable);
    }
    declared
});

/// All that are linked in, by name.
fn linked() -> Vec<&'static Variable> {
    let mut linked: Vec<_> = inventory::iter::<RegisteredVariable>().map(|registered| registered.0).collect();
    linked.sort_by_key(|variable| {
        let Declared { module, file, line } = variable.declared;
        (variable.name, module, file, line)
    });
    linked
}

/// Whether the service declares any.
pub(crate) fn has_declared() -> bool {
    !DECLARED.is_empty()
}

/// Whether a crate declares any.
pub(crate) fn has_declared_in(krate: &str) -> bool {
    linked().iter().any(|variable| variable.declared.krate() == krate)
}

/// The modules in which they stand.
pub(crate) fn modules() -> impl Iterator<Item = &'static str> {
    DECLARED.values().map(|variable| variable.declared.module)
}

/// The names that several have, and where these stand.
pub(crate) fn declared_twice() -> Vec<(&'static str, Vec<Declared>)> {
    let linked = linked();
    let same = linked.chunk_by(|one, other| one.name == other.name).filter(|same| same.len() > 1);
    same.map(|same| (same[0].name, same.iter().map(|variable| variable.declared).collect())).collect()
}

static COMPUTED: Mutex<BTreeMap<String, Arc<Computed>>> = Mutex::new(BTreeMap::new());

fn computed() -> MutexGuard<'static, BTreeMap<String, Arc<Computed>>> {
    COMPUTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All of them, by name, hidden ones too.
pub(crate) fn all() -> Vec<Found> {
    let mut all: Vec<Found> = DECLARED.values().map(|variable| Found::Declared(variable)).collect();
    all.extend(computed().values().cloned().map(Found::Computed));
    all.sort_by(|one, other| one.name().cmp(other.name()));
    all
}

/// The one of this name; `-` and `_` are alike.
pub(crate) fn find(name: &str) -> Option<Found> {
    let name = name.replace('_', "-");
    let declared = DECLARED.get(name.as_str()).map(|variable| Found::Declared(variable));
    declared.or_else(|| computed().get(&name).cloned().map(Found::Computed))
}

/// The name that this one was most likely meant to be.
pub(crate) fn nearest(name: &str) -> Option<String> {
    let all: Vec<Found> = all().into_iter().filter(|found| !found.is_hidden()).collect();
    suggest::nearest(name, all.iter().map(Found::name)).map(str::to_owned)
}

/// Those whose numbers are kept over time.
pub(crate) fn trended() -> Vec<Found> {
    all().into_iter().filter(Found::is_trended).collect()
}

/// The names of those that are shown to nobody. It is asked for many lines that are typed, and most services have none.
pub(crate) fn secrets() -> Vec<String> {
    static DECLARED_SECRETS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        DECLARED.values().filter(|variable| variable.secret).map(|variable| variable.name).collect()
    });
    let computed = computed();
    let computed = computed.values().filter(|variable| variable.secret).map(|variable| variable.name.clone());
    DECLARED_SECRETS.iter().map(|name| (*name).to_owned()).chain(computed).collect()
}

/// Adds a computed one, in the place of one of the same name. False where a declared one has the name.
pub(crate) fn add(variable: Computed) -> bool {
    if DECLARED.contains_key(variable.name.as_str()) {
        return false;
    }
    let variable = Arc::new(variable);
    let earlier = computed().insert(variable.name.clone(), variable.clone());
    // What it captured is the author's, and dropped outside the lock.
    if let Some(earlier) = earlier.filter(|earlier| earlier.trend) {
        trends::forget(&earlier.name);
    }
    if variable.trend {
        watched::watch(&Found::Computed(variable));
    }
    true
}

/// Removes a computed one.
pub(crate) fn remove(name: &str) -> bool {
    let removed = computed().remove(&name.replace('_', "-"));
    if let Some(removed) = removed.as_ref().filter(|removed| removed.trend) {
        trends::forget(&removed.name);
    }
    removed.is_some()
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

    /// What its value is called: the last words of the type's path.
    pub(crate) fn type_name(&self) -> String {
        match self {
            Self::Declared(variable) => without_paths((variable.type_name)()),
            Self::Computed(_) => "computed".to_owned(),
        }
    }

    /// Where it stands in the source.
    pub(crate) fn declared(&self) -> Option<String> {
        match self {
            Self::Declared(variable) => {
                let declared = variable.declared;
                Some(format!("{}:{} in {}", declared.file, declared.line, declared.krate()))
            }
            Self::Computed(_) => None,
        }
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

/// What stands for the value of a secret one.
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
    fn a_type_is_called_by_its_last_words() {
        let check = |name: &str, short: &str| assert_eq!(without_paths(name), short);
        check("u32", "u32");
        check("core::option::Option<alloc::string::String>", "Option<String>");
        check("(my::Type, [u8; 4])", "(Type, [u8; 4])");
        check("&dyn a::B + c::D", "&dyn B + D");
    }
}
