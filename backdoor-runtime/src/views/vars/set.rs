//! Changes variables: first the typed values are parsed and validated, then all locks are taken in the order of their addresses, then all
//! values are written and recorded together. No code of the author runs while a lock of ours is held.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Value;
use crate::base::escape::escape_line;
use crate::base::sort;
use crate::changes::entry::{Actor, Entry, Intent, Revert, Reverted, What};
use crate::changes::journal::{Draft, Forgotten, JOURNAL};
use crate::changes::lease::{self, Lease};
use crate::exec::catch_panic::catch_panic;
use crate::exec::claim::Claim;
use crate::exec::query::NoAnswer;
use crate::exec::unresponsive::{self, Running};
use crate::readable::Kept;
use crate::reply::text;
use crate::views::vars::found::{Found, dots};
use crate::views::vars::place::{Holding, NotHeld, WAIT};
use crate::views::vars::registry;
use crate::views::vars::variable::{Setting, Variable};
use crate::views::vars::{Readable, VarError};

/// The time limit for a change, with the parsing, validation and `on_change` of the author.
pub(super) const WRITE: Duration = Duration::from_secs(1);

/// A request to change one variable.
pub(crate) struct Order {
    pub(crate) name: String,
    /// The typed word; `None` for the default.
    pub(crate) word: Option<String>,
}

/// A new value that was accepted.
struct Ready {
    variable: &'static Variable,
    setting: &'static Setting,
    new: Kept,
    copy: Box<dyn Any>,
    shown: Value,
}

/// Changes all variables, or none. Runs code of the author: parsing, validation, formatting, `on_change`. The caller may give up the
/// claim until writing begins, and then nothing is written.
pub(crate) fn set(orders: &[Order], intent: &Intent, claim: &Claim) -> Result<Vec<Arc<Entry>>, VarError> {
    let time = intent.length().map_err(VarError::new)?;
    let mut ready: Vec<(usize, Ready)> = Vec::with_capacity(orders.len());
    for (at, order) in orders.iter().enumerate() {
        let name = find(&order.name)?.name().to_owned();
        answers(&name)?;
        let _running = Running::begin(&about(&name), WRITE);
        let made = catch_panic(|| prepare(order)).map_err(|panic| {
            VarError::new(format!("{}: parsing or validating it panicked: {}", order.name, panic.message))
        })??;
        if ready.iter().any(|(_, earlier)| earlier.variable.name == made.variable.name) {
            return Err(VarError::new(format!("`{}` is given twice", made.variable.name)));
        }
        ready.push((at, made));
    }
    sort::sort_by_key(&mut ready, |(_, ready)| ready.setting.cell().address());
    if time.is_some() {
        lease::prepare().map_err(|error| {
            VarError::new(format!("no thread for the end of the lease could be started: {error}"))
        })?;
    }
    let end = Instant::now() + WAIT;
    let mut held = Vec::with_capacity(ready.len());
    for (_, ready) in &ready {
        held.push(ready.setting.cell().hold(end).map_err(|why| not_held(ready.variable.name, why))?);
    }
    if !claim.begin() {
        return Err(VarError::new("the change was abandoned".to_owned()));
    }
    let (done, forgotten) = write(ready, &mut held, intent, time);
    drop(held);
    drop(forgotten);
    done.iter().for_each(|done| done.tell(&intent.author));
    Ok(done.into_iter().map(|done| done.entry).collect())
}

/// A written change, before it is reported.
struct Done {
    variable: &'static Variable,
    setting: &'static Setting,
    entry: Arc<Entry>,
    old: Kept,
    new: Kept,
}

/// Writes and records with the variables locked, and without any code of the author.
fn write(
    ready: Vec<(usize, Ready)>,
    held: &mut [Box<dyn Holding>],
    intent: &Intent,
    time: Option<Duration>,
) -> (Vec<Done>, Vec<Replaced>) {
    let mut written = Vec::with_capacity(ready.len());
    let mut done = Vec::with_capacity(ready.len());
    let mut forgotten = Vec::with_capacity(ready.len());
    let mut pages = JOURNAL.open();
    for ((at, ready), held) in ready.into_iter().zip(held) {
        let Ready { variable, setting, new, copy, shown } = ready;
        let old = held.put(copy, None).expect("what has no condition is put");
        written.push((at, variable, setting, old, new, shown));
    }
    // The journal records them in the order of the typed line.
    sort::sort_by_key(&mut written, |(at, ..)| *at);
    for (_, variable, setting, old, new, shown) in written {
        let name = variable.name;
        let earlier = lease::forget(name);
        // The value from before a temporary change is restored, also by an undo.
        let before = earlier.as_ref().map_or_else(|| old.clone(), |lease| lease.old.clone());
        let revert = Arc::new(PutBack { variable, setting, old: before.clone(), new: new.clone() });
        let (entry, gone) = pages.write(Draft { name, new: shown, intent, revert: Some(revert.clone()) });
        forgotten.push((gone, earlier));
        if let Some(time) = time {
            lease::begin(Lease {
                name: name.to_owned(),
                change: entry.number,
                author: intent.author.clone(),
                until: Instant::now() + time,
                old: before,
                revert,
                is_ending: false,
            });
        }
        done.push(Done { variable, setting, entry, old, new });
    }
    (done, forgotten)
}

/// The values that a change replaced. Their `Drop` is code of the author, so it runs after all locks are released, of the author and ours.
type Replaced = (Forgotten, Option<Lease>);

impl Done {
    /// Formats the old value, and reports the change to the log and to the author.
    fn tell(&self, author: &Actor) {
        let old = match self.variable.secret {
            true => dots(),
            false => catch_panic(|| (self.setting.show)(&self.old)).unwrap_or_else(unshown),
        };
        let _ = self.entry.old.set(old);
        self.entry.tell(author);
        let _running = Running::begin(&about(self.variable.name), WRITE);
        if let Some(on_change) = self.setting.on_change
            && let Err(panic) = catch_panic(|| on_change(&self.new))
        {
            let name = self.variable.name;
            author.warn(format!("`on_change` of `{name}` panicked: {}", panic.message));
        }
    }
}

/// The name that identifies the author's code for a variable.
pub(super) fn about(name: &str) -> String {
    format!("variable {name}")
}

/// The caller stops waiting for the author's code of this variable.
pub(super) fn give_up(name: &str) {
    unresponsive::give_up(&about(name));
}

/// # Errors
/// Code of this variable from an earlier call has not returned.
fn answers(name: &str) -> Result<(), VarError> {
    match unresponsive::of(&about(name)) {
        Some(time) => Err(VarError::new(format!("nothing was set: `{name}` was {}", NoAnswer::Silent(time)))),
        None => Ok(()),
    }
}

pub(crate) fn find(name: &str) -> Result<Found, VarError> {
    registry::find(name).ok_or_else(|| {
        let way_out = match registry::nearest(name) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`vars` lists them".to_owned(),
        };
        VarError::new(format!("there is no variable `{}`; {way_out}", escape_line(name)))
    })
}

fn prepare(order: &Order) -> Result<Ready, VarError> {
    let found = find(&order.name)?;
    let Some((variable, setting)) = found.setting() else {
        let why = match found {
            Found::Declared(_) => "it is not declared `settable`",
            Found::Computed(_) => "it is computed",
        };
        return Err(VarError::new(format!("`{}` cannot be set: {why}", found.name())));
    };
    let name = variable.name;
    let new = match &order.word {
        None => {
            let default = setting.default().ok_or_else(|| {
                VarError::new(format!(
                    "`{name}` has no default: the service makes its first value at first use"
                ))
            })?;
            let shown = if variable.secret { dots() } else { (setting.show)(&default) };
            accept(setting, &default, &text::cell(&shown)).map_err(|why| match variable.secret {
                true => VarError::new(format!("{name}: its default is not accepted; nothing was set")),
                false => {
                    VarError::new(format!("{name}: its default is not accepted: {why}; nothing was set"))
                }
            })?;
            default
        }
        Some(word) => judge(setting, word).map_err(|why| match variable.secret {
            // The reason may contain the word.
            true => VarError::new(format!("{name}: the typed value is not accepted")),
            false => VarError::new(format!("{name}: {why}")),
        })?,
    };
    let copy = setting.cell().copy(&new);
    let shown = if variable.secret { dots() } else { (setting.show)(&new) };
    Ok(Ready { variable, setting, new, copy, shown })
}

fn judge(setting: &Setting, word: &str) -> Result<Kept, String> {
    let value = setting.cell().parse(word).map_err(|error| error.told(word, setting.range.as_ref()))?;
    accept(setting, &value, word)?;
    Ok(value)
}

/// # Errors
/// The value is out of range, or the author's `validate` refuses it.
fn accept(setting: &Setting, value: &Kept, word: &str) -> Result<(), String> {
    if let Some(range) = &setting.range
        && !setting.cell().in_bounds(&*(range.bounds)(), value)
    {
        return Err(range.refusal(word, "what the variable accepts"));
    }
    setting.validate.map_or(Ok(()), |validate| validate(value))
}

fn not_held(name: &str, why: NotHeld) -> VarError {
    VarError::new(match why {
        NotHeld::Busy => {
            format!("`{name}` was not set: the service held its lock for {} ms; try again", WAIT.as_millis())
        }
        NotHeld::NotSet => {
            format!("`{name}` was not set: the service has not initialized it yet")
        }
    })
}

fn unshown(panic: crate::exec::catch_panic::Panic) -> Value {
    Value::Text(format!("(formatting the value panicked: {})", panic.message))
}

/// Restores the value that a change replaced.
struct PutBack {
    variable: &'static Variable,
    setting: &'static Setting,
    old: Kept,
    new: Kept,
}

impl Revert for PutBack {
    fn revert(&self, change: u64, intent: &Intent) -> Reverted {
        let name = self.variable.name;
        if JOURNAL.open().last_of(name) != change {
            // The journal has the later change.
            return Reverted::LeftAlone;
        }
        let _running = Running::begin(&about(name), WRITE);
        let Self { variable, setting, old, new } = self;
        let made = catch_panic(|| {
            let shown = if variable.secret { dots() } else { (setting.show)(old) };
            (setting.cell().copy(old), shown)
        });
        let (copy, shown) = match made {
            Ok(made) => made,
            Err(panic) => return Reverted::Failed(format!("formatting it panicked: {}", panic.message)),
        };
        let mut held = match setting.cell().hold(Instant::now() + WAIT) {
            Ok(held) => held,
            Err(NotHeld::Busy) => return Reverted::Held,
            Err(NotHeld::NotSet) => return Reverted::LeftAlone,
        };
        match catch_panic(|| held.is(new)) {
            Ok(true) => {}
            Ok(false) => {
                drop(held);
                return self.leave_alone(change, intent);
            }
            Err(panic) => return Reverted::Failed(format!("comparing it panicked: {}", panic.message)),
        }
        let mut pages = JOURNAL.open();
        if pages.last_of(name) != change {
            return Reverted::LeftAlone;
        }
        let Some(replaced) = held.put(copy, Some(new)) else {
            drop(pages);
            return self.leave_alone(change, intent);
        };
        let back = Arc::new(Self { variable, setting, old: replaced.clone(), new: old.clone() });
        let (entry, forgotten) = pages.write(Draft { name, new: shown, intent, revert: Some(back) });
        let ended = lease::forget(name);
        drop(pages);
        drop(held);
        drop((ended, forgotten));
        let done = Done { variable, setting, entry, old: replaced, new: old.clone() };
        done.tell(&intent.author);
        Reverted::Done(done.entry)
    }

    fn see(&self) -> String {
        format!("get {}", self.variable.name)
    }
}

impl PutBack {
    /// Records that the time of a change is over and that the value stays. An undo reports this to its operator instead.
    fn leave_alone(&self, change: u64, intent: &Intent) -> Reverted {
        if matches!(intent.what, What::End(_)) {
            let now = match self.variable.secret {
                true => dots(),
                false => catch_panic(|| self.variable.read().value().cloned())
                    .unwrap_or_default()
                    .unwrap_or_default(),
            };
            let intent = Intent {
                what: What::LeftAlone(change),
                author: intent.author.clone(),
                because: Some("the service changed the variable later".to_owned()),
            };
            let draft = Draft { name: self.variable.name, new: now.clone(), intent: &intent, revert: None };
            let (entry, forgotten) = JOURNAL.open().write(draft);
            drop(forgotten);
            let _ = entry.old.set(now);
            entry.tell(&intent.author);
        }
        Reverted::LeftAlone
    }
}

/// Undoes the change of this number, or the last change of this author that is in force. A change of another author needs its number.
pub(crate) fn undo(number: Option<u64>, author: &Actor) -> Result<Arc<Entry>, VarError> {
    let entries = JOURNAL.entries();
    let entry = match number {
        Some(number) => entries.iter().find(|entry| entry.number == number).ok_or_else(|| {
            VarError::new(format!("there is no change {number}; `changes` lists the recorded changes"))
        })?,
        None => last_of(&entries, author)?,
    };
    answers(&entry.name)?;
    let Some(revert) = entry.revert() else {
        return Err(VarError::new(format!("change {} is already undone, or changed nothing", entry.number)));
    };
    let intent = Intent { what: What::Undo(entry.number), author: author.clone(), because: None };
    match revert.revert(entry.number, &intent) {
        Reverted::Done(undone) => {
            entry.set_undone();
            Ok(undone)
        }
        Reverted::Nothing => Err(VarError::new(format!(
            "nothing to undo: `{1}` has the value from before change {0}; `{2}` shows it",
            entry.number,
            entry.name,
            revert.see()
        ))),
        Reverted::LeftAlone if has_ended(entry) => Err(VarError::new(format!(
            "nothing to undo: change {} was {}, and `{}` has the value from before it; `{}` shows it",
            entry.number,
            entry.what,
            entry.name,
            revert.see()
        ))),
        Reverted::LeftAlone => Err(VarError::new(format!(
            "`{}` has changed after change {}, so nothing was undone; `{}` shows the current value",
            entry.name,
            entry.number,
            revert.see()
        ))),
        Reverted::Held => Err(not_held(&entry.name, NotHeld::Busy)),
        Reverted::Failed(why) => {
            Err(VarError::new(format!("change {} could not be undone: {why}", entry.number)))
        }
    }
}

/// Whether a change was undone at the end of its time, and no change came after it.
fn has_ended(entry: &Entry) -> bool {
    let entries = JOURNAL.entries();
    let last = entries.iter().rev().find(|last| last.name == entry.name);
    last.is_some_and(|last| matches!(last.what, What::End(change) if change == entry.number))
}

/// The last change of this author that is in force; for the service's own code, of any author.
///
/// # Errors
/// There is none, or only changes of others, of which this operator may not know.
fn last_of<'a>(entries: &'a [Arc<Entry>], author: &Actor) -> Result<&'a Arc<Entry>, VarError> {
    let is_change =
        |entry: &&Arc<Entry>| entry.revert().is_some() && !matches!(entry.what, What::Undo(_) | What::End(_));
    let is_in_force = |entry: &&Arc<Entry>| JOURNAL.open().last_of(&entry.name) == entry.number;
    let mut last = entries.iter().rev().filter(is_change).filter(is_in_force);
    let is_own = |entry: &&Arc<Entry>| author.owner == 0 || entry.is_of(author);
    // For a change that is not in force, the undo reports what changed the value since.
    let was_own = || entries.iter().rev().filter(is_change).find(is_own);
    if let Some(own) = last.clone().find(is_own).or_else(was_own) {
        return Ok(own);
    }
    Err(VarError::new(match last.next() {
        None => "there is no change to undo".to_owned(),
        Some(others) => {
            let change = others.change();
            let (old, new) = (text::cell(&change.old), text::cell(&change.new));
            format!(
                "this session has no change to undo; `undo {}` undoes `{}`: {old} -> {new} by {}",
                change.number, change.name, change.by
            )
        }
    }))
}
