//! The variables of this process: those declared with `#[backdoor_var]` in any crate, and those registered at run time.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use crate::base::sort;
use crate::base::suggest;
use crate::views::trends;
use crate::views::vars::computed::Computed;
use crate::views::vars::declared::DECLARED;
use crate::views::vars::found::Found;

static COMPUTED: Mutex<BTreeMap<String, Arc<Computed>>> = Mutex::new(BTreeMap::new());

fn computed() -> MutexGuard<'static, BTreeMap<String, Arc<Computed>>> {
    COMPUTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All variables, by name, hidden ones too.
pub(crate) fn all() -> Vec<Found> {
    let mut all: Vec<Found> = DECLARED.values().map(|variable| Found::Declared(variable)).collect();
    all.extend(computed().values().cloned().map(Found::Computed));
    sort::sort_by(&mut all, |one, other| one.name().cmp(other.name()));
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

/// Adds a computed variable, and replaces one of the same name.
pub(super) fn add(variable: Computed) {
    let variable = Arc::new(variable);
    let earlier = computed().insert(variable.name.clone(), variable.clone());
    // Its closure belongs to the author, and is dropped outside the lock.
    if let Some(earlier) = earlier.filter(|earlier| earlier.trend) {
        trends::forget(&earlier.name);
    }
    if variable.trend {
        Found::Computed(variable).watch();
    }
}

/// Removes a computed variable.
pub(crate) fn remove(name: &str) -> bool {
    let removed = computed().remove(&name.replace('_', "-"));
    if let Some(removed) = removed.as_ref().filter(|removed| removed.trend) {
        trends::forget(&removed.name);
    }
    removed.is_some()
}
