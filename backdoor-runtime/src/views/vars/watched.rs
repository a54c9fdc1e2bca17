//! Variables that are marked `trend`: the sampler reads them, and charts show their changes from the journal.

use crate::changes::Change;
use crate::changes::journal::JOURNAL;
use crate::views::trends;
use crate::views::vars::registry;

/// Watches all variables that are marked. Called when a console starts; a second call changes nothing.
pub(crate) fn watch_all() {
    for found in registry::trended() {
        found.watch();
    }
    trends::journal(|name| {
        let entries = JOURNAL.entries();
        let changes = entries.iter().map(|entry| entry.change()).filter(|change| change.name == name);
        changes
            .map(|change| trends::Change { time: change.at, ago: change.ago, text: text(&change) })
            .collect()
    });
}

/// The names of the marked variables, whether or not a started console watches them.
pub(crate) fn names() -> Vec<String> {
    let shown = registry::trended().into_iter().filter(|found| !found.is_secret());
    shown.map(|found| found.name().to_owned()).collect()
}

/// `10 -> 20 by session 3: the queue is long`
fn text(change: &Change) -> String {
    let because = change.because.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{} -> {} by {}{because}", change.old, change.new, change.by)
}
