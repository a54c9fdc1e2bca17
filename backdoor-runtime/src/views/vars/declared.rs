//! The variables that are declared with `#[backdoor_var]`, in any crate of the program.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::base::sort;
use crate::command::Declared;
use crate::views::vars::variable::{RegisteredVariable, Variable};

/// The declared variables by name. If two have one name, which the startup check refuses, the first in the order of modules wins.
pub(super) static DECLARED: LazyLock<BTreeMap<&'static str, &'static Variable>> = LazyLock::new(|| {
    let mut declared = BTreeMap::new();
    for variable in linked() {
        declared.entry(variable.name).or_insert(variable);
    }
    declared
});

/// All linked variables, by name.
fn linked() -> Vec<&'static Variable> {
    let mut linked: Vec<_> = inventory::iter::<RegisteredVariable>().map(|registered| registered.0).collect();
    sort::sort_by_key(&mut linked, |variable| {
        let Declared { module, file, line } = variable.declared;
        (variable.name, module, file, line)
    });
    linked
}

/// Whether any crate declares a variable.
pub(crate) fn has_declared() -> bool {
    !DECLARED.is_empty()
}

/// Whether this crate declares a variable.
pub(crate) fn has_declared_in(krate: &str) -> bool {
    linked().iter().any(|variable| variable.declared.krate() == krate)
}

/// The modules that declare them.
pub(crate) fn modules() -> impl Iterator<Item = &'static str> {
    DECLARED.values().map(|variable| variable.declared.module)
}

/// Names that several variables have, and where those are declared.
pub(crate) fn declared_twice() -> Vec<(&'static str, Vec<Declared>)> {
    let linked = linked();
    let same = linked.chunk_by(|one, other| one.name == other.name).filter(|same| same.len() > 1);
    same.map(|same| (same[0].name, same.iter().map(|variable| variable.declared).collect())).collect()
}
