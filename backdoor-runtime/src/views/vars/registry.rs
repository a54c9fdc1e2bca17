//! The variables of this process: those declared with `#[backdoor_var]` in any crate, and those registered at run time.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use crate::base::suggest;
use crate::command::Declared;
use crate::views::trends;
use crate::views::vars::computed::Computed;
use crate::views::vars::found::Found;
use crate::views::vars::info::VarError;
use crate::views::vars::variable::{RegisteredVariable, Variable};

/// The declared variables by name. If two have one name, which the startup check refuses, the first in the order of modules wins.
static DECLARED: LazyLock<BTreeMap<&'static str, &'static Variable>> = LazyLock::new(|| {
    let mut declared = BTreeMap::new();
    for variable in linked() {
        declared.entry(variable.name).or_insert(variable);
    }
    declared
});

/// All linked variables, by name.
fn linked() -> Vec<&'static Variable> {
    let mut linked: Vec<_> = inventory::iter::<RegisteredVariable>().map(|registered| registered.0).collect();
    linked.sort_by_key(|variable| {
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

static COMPUTED: Mutex<BTreeMap<String, Arc<Computed>>> = Mutex::new(BTreeMap::new());

fn computed() -> MutexGuard<'static, BTreeMap<String, Arc<Computed>>> {
    COMPUTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All variables, by name, hidden ones too.
pub(crate) fn all() -> Vec<Found> {
    let mut all: Vec<Found> = DECLARED.values().map(|variable| Found::Declared(variable)).collect();
    all.extend(computed().values().cloned().map(Found::Computed));
    all.sort_by(|one, other| one.name().cmp(other.name()));
    all
}

/// The variable with this name; `-` and `_` are equal.
pub(crate) fn find(name: &str) -> Option<Found> {
    let name = name.replace('_', "-");
    let declared = DECLARED.get(name.as_str()).map(|variable| Found::Declared(variable));
    declared.or_else(|| computed().get(&name).cloned().map(Found::Computed))
}

/// The most similar name.
pub(crate) fn nearest(name: &str) -> Option<String> {
    let all: Vec<Found> = all().into_iter().filter(|found| !found.is_hidden()).collect();
    suggest::nearest(name, all.iter().map(Found::name)).map(str::to_owned)
}

/// The variables that are marked `trend`.
pub(crate) fn trended() -> Vec<Found> {
    all().into_iter().filter(Found::is_trended).collect()
}

/// The names of the secret variables. This is called for many typed lines, and most services have none.
pub(crate) fn secrets() -> Vec<String> {
    static DECLARED_SECRETS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        DECLARED.values().filter(|variable| variable.secret).map(|variable| variable.name).collect()
    });
    let computed = computed();
    let computed = computed.values().filter(|variable| variable.secret).map(|variable| variable.name.clone());
    DECLARED_SECRETS.iter().map(|name| (*name).to_owned()).chain(computed).collect()
}

/// Adds a computed variable, and replaces one of the same name. Returns false if a declared variable has the name.
pub(crate) fn add(variable: Computed) -> bool {
    if DECLARED.contains_key(variable.name.as_str()) {
        return false;
    }
    let variable = Arc::new(variable);
    let earlier = computed().insert(variable.name.clone(), variable.clone());
    // Its closure belongs to the author, and is dropped outside the lock.
    if let Some(earlier) = earlier.filter(|earlier| earlier.trend) {
        trends::forget(&earlier.name);
    }
    if variable.trend {
        Found::Computed(variable).watch();
    }
    true
}

/// Removes a computed variable.
pub(crate) fn remove(name: &str) -> bool {
    let removed = computed().remove(&name.replace('_', "-"));
    if let Some(removed) = removed.as_ref().filter(|removed| removed.trend) {
        trends::forget(&removed.name);
    }
    removed.is_some()
}

impl Computed {
    /// Registers it, and replaces an earlier computed variable with the same name.
    ///
    /// # Errors
    /// The name is not one word of a-z, 0-9 and `-`, or a `#[backdoor_var]` has it.
    pub fn register(self) -> Result<(), VarError> {
        let name = self.name.clone();
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(is_word) || name.starts_with('-') || name.ends_with('-') {
            return Err(VarError::new(format!(
                "{name:?} is not the name of a variable: use one word of a-z, 0-9 and `-`"
            )));
        }
        match add(self) {
            true => Ok(()),
            false => Err(VarError::new(format!("a `#[backdoor_var]` is called `{name}` already"))),
        }
    }
}
