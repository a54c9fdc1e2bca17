//! Variables that are marked `trend`: watched by the sampler of trends, and drawn with the changes that the journal knows.

use crate::changes::Change;
use crate::changes::journal::JOURNAL;
use crate::views::trends::{self, Watched};
use crate::views::vars::Readable;
use crate::views::vars::registry::{self, Found};

/// Watches all that are marked. To be called when a console starts; a second time changes nothing.
pub(crate) fn watch_all() {
    for found in registry::trended() {
        watch(&found);
    }
    trends::journal(|name| {
        let entries = JOURNAL.entries();
        let changes = entries.iter().map(|entry| entry.change()).filter(|change| change.name == name);
        changes
            .map(|change| trends::Change { time: change.at, ago: change.ago, text: text(&change) })
            .collect()
    });
}

/// The variables that are marked, whether a console has started or not, which watches them.
pub(crate) fn names() -> Vec<String> {
    let shown = registry::trended().into_iter().filter(|found| !found.is_secret());
    shown.map(|found| found.name().to_owned()).collect()
}

/// Watches one, unless it is watched already. A secret is drawn for nobody.
pub(super) fn watch(found: &Found) {
    let name = found.name();
    if found.is_secret() || trends::names().iter().any(|watched| watched == name) {
        return;
    }
    let watched = match found {
        Found::Declared(variable) => Watched::variable(variable.name, *variable),
        Found::Computed(_) => {
            let found = found.clone();
            Watched::computed(name.to_owned(), move || found.read())
        }
    };
    // Where a thousand are watched already it has no trend, which `trend` says.
    trends::watch(watched.unit(found.unit().to_owned()));
}

/// `10 -> 20 by session 3: the queue is long`
fn text(change: &Change) -> String {
    let because = change.because.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{} -> {} by {}{because}", change.old, change.new, change.by)
}
