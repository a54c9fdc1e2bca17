//! Variables for commands: code of the author runs on separate threads, and variables that do not answer are named.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::base::race::{First, race};
use crate::changes::entry::{Entry, Intent, What};
use crate::changes::journal::JOURNAL;
use crate::exec::claim::Claim;
use crate::exec::own_thread::own_time::{Exceeded, OwnTime};
use crate::exec::query::NoAnswer;
use crate::exec::unresponsive::{self, Running};
use crate::views::vars::found::Found;
use crate::views::vars::info::Seen;
use crate::views::vars::registry;
use crate::views::vars::set::{self, Order, WRITE};
use crate::views::vars::{Change, Terms, VarError, VarInfo};
use crate::{Console, Session};

/// The time limit for reading a variable: longer than the wait for its lock.
const READ: Duration = Duration::from_millis(100);

impl Console {
    /// The variables with wanted names, by name, hidden ones too. They are read on another thread, with 100 ms for each: a variable that does
    /// not answer has the reason in its `state`.
    pub async fn variables(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<VarInfo> {
        self.read(registry::all().into_iter().filter(|found| is_wanted(found.name())).collect()).await
    }

    /// The variable with this name; `-` and `_` are equal.
    ///
    /// # Errors
    /// There is none.
    pub async fn variable(&self, name: &str) -> Result<VarInfo, VarError> {
        let found = set::find(name)?;
        let mut read = self.read(vec![found]).await;
        read.pop().ok_or_else(|| VarError::new(format!("`{name}` was not read")))
    }

    /// Sets variables: all of them, or none. All values are parsed and validated first, then all locks are taken, then all values are
    /// written; concurrent readers may see some of them earlier than others.
    ///
    /// # Errors
    /// A name or a value is wrong, or a lock was held for 50 ms. Nothing is changed then.
    pub async fn set_variables(
        &self,
        values: &[(String, String)],
        terms: &Terms,
        by: &Session,
    ) -> Result<Vec<Change>, VarError> {
        let order = |(name, word): &(String, String)| Order { name: name.clone(), word: Some(word.clone()) };
        self.write(values.iter().map(order).collect(), terms.intent(self.author(by))).await
    }

    /// Sets variables to their defaults: all of them, or none.
    ///
    /// # Errors
    /// Those of [`set_variables`](Self::set_variables); or a variable has no default.
    pub async fn reset_variables(
        &self,
        names: &[String],
        terms: &Terms,
        by: &Session,
    ) -> Result<Vec<Change>, VarError> {
        let order = |name: &String| Order { name: name.clone(), word: None };
        let intent = Intent { what: What::Reset, ..terms.intent(self.author(by)) };
        self.write(names.iter().map(order).collect(), intent).await
    }

    /// The recorded changes, the latest last: at most 256.
    pub fn changes(&self) -> Vec<Change> {
        JOURNAL.entries().iter().map(|entry| entry.change()).collect()
    }

    /// Undoes the change with this number, or the last change of this session, if its value is still in force.
    ///
    /// # Errors
    /// There is no such change, or its value is not in force any more; without a number, if this session has made no change.
    pub async fn undo(&self, number: Option<u64>, by: &Session) -> Result<Change, VarError> {
        let author = self.author(by);
        let asked = self.0.asking_vars.ask(WRITE, move || set::undo(number, &author)).await;
        match asked {
            Ok(undone) => undone.map(|entry| entry.change()),
            Err(why) => {
                Err(VarError::new(format!("the undo may still happen: {why}; `changes` shows the result")))
            }
        }
    }

    async fn write(&self, orders: Vec<Order>, intent: Intent) -> Result<Vec<Change>, VarError> {
        let claim = Arc::new(Claim::default());
        let asked = claim.clone();
        let names: Vec<String> = orders.iter().map(|order| order.name.clone()).collect();
        let written = self.0.asking_vars.ask(WRITE, move || set::set(&orders, &intent, &asked)).await;
        let why = match written {
            Ok(written) => return written.map(|entries| changes(&entries)),
            Err(why) => why,
        };
        names.iter().filter_map(|name| registry::find(name)).for_each(|found| set::give_up(found.name()));
        Err(VarError::new(match claim.give_up() {
            true => format!("nothing was set: {why}"),
            false => format!(
                "the value is set, but the service did not finish its reaction: {why}; `changes` shows it"
            ),
        }))
    }

    /// Reads variables in turn, on one thread unless one hangs.
    async fn read(&self, all: Vec<Found>) -> Vec<VarInfo> {
        let mut read = Vec::with_capacity(all.len());
        while read.len() < all.len() {
            let (send, mut seen) = mpsc::unbounded_channel();
            let rest = all[read.len()..].to_vec();
            let own_time = Arc::new(OwnTime::default());
            let of_thread = own_time.clone();
            let asked = self.0.asking_vars.ask(Duration::MAX, move || {
                for found in rest {
                    of_thread.begin();
                    let seen = match unresponsive::of(&set::about(found.name())) {
                        Some(time) => Seen::without(NoAnswer::Silent(time).to_string()),
                        None => {
                            let _running = Running::begin(&set::about(found.name()), READ);
                            Seen::of(&found)
                        }
                    };
                    if send.send(seen).is_err() {
                        break;
                    }
                }
            });
            let mut asked = pin!(asked);
            let mut ended = None;
            let failure = loop {
                if read.len() == all.len() {
                    break None;
                }
                let next = own_time.limit(READ, async {
                    if ended.is_none() {
                        match race(seen.recv(), &mut asked).await {
                            First::Left(seen) => return seen,
                            First::Right(end) => ended = Some(end),
                        }
                    }
                    seen.recv().await
                });
                match next.await {
                    Ok(Some(seen)) => read.push(VarInfo::new(&all[read.len()], seen)),
                    Ok(None) => match ended.take() {
                        Some(Err(why)) => break Some(why),
                        _ => break Some(NoAnswer::Panicked("the answer was lost".to_owned())),
                    },
                    Err(Exceeded) => break Some(NoAnswer::Late(READ)),
                }
            };
            match failure {
                None => {}
                Some(NoAnswer::Late(limit)) => {
                    set::give_up(all[read.len()].name());
                    let why = NoAnswer::Late(limit).to_string();
                    read.push(VarInfo::new(&all[read.len()], Seen::without(why)));
                }
                Some(why) => {
                    // No thread can be started for the rest.
                    let rest = &all[read.len()..];
                    read.extend(rest.iter().map(|found| VarInfo::new(found, Seen::without(why.to_string()))));
                }
            }
        }
        read
    }
}

/// The changes for the caller.
pub(crate) fn changes(entries: &[Arc<Entry>]) -> Vec<Change> {
    entries.iter().map(|entry| entry.change()).collect()
}
