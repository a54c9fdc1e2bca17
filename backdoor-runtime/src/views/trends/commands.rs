//! The command `trend`: draws the history of a number.

use std::fmt::{self, Write};

use crate::base::sort;
use crate::base::suggest;
use crate::views::trends::{self, Growth, NotWatched, Trend};
use crate::views::vars::watched;
use crate::{ArgError, CommandOutput, FromArg, Page, Value, backdoor_command};

/// Draw a number over the last minute, hour and day
///
/// The console reads numbers once a second; of a counter it draws the rate.
/// Bars show the mean, and the shade above them the maximum.
/// Where no value was read, the bar and its axis are missing.
/// Without a name, lists the watched numbers: the value, the slope of the last
/// minute and hour (per second), and for how long the number grows without end.
/// Built in are mem, fds, threads, tasks, busy (of the runtime) and errors.
///
/// Examples:
///   trend
///   trend mem --ascii
#[backdoor_command(builtin = "vars", reads, on = helper)]
fn trend(
    /// A variable that is marked `trend`, or a built-in trend
    #[arg(complete = names)]
    name: Option<Name>,
    /// Draw with ASCII characters only
    #[arg(long)]
    ascii: bool,
) -> Answer {
    match name {
        Some(Name(trend)) => Answer::Drawn { trend, ascii },
        None => Answer::Listed(trends::all_names().iter().filter_map(|name| listed(name)).collect()),
    }
}

fn listed(name: &str) -> Option<(Trend, Growth)> {
    Some((trends::find(name).ok()?, trends::growth(name)?))
}

fn names(so_far: &str) -> Vec<String> {
    let mut names = trends::all_names();
    names.retain(|name| name.starts_with(so_far));
    names
}

/// The name of a watched number, with its trend.
struct Name(Trend);

impl FromArg for Name {
    const NAME: &'static str = "name";

    fn from_arg(word: &str) -> Result<Self, ArgError> {
        trends::find(word).map(Name).map_err(|NotWatched { near, .. }| {
            let marked = watched::names();
            if marked.iter().any(|name| name == word) {
                return ArgError::new(format!("`{word}` is not watched yet: {NOT_STARTED}"));
            }
            let near =
                near.or_else(|| suggest::nearest(word, marked.iter().map(String::as_str)).map(str::to_owned));
            let way_out = near.map_or_else(what_there_is, |near| format!("did you mean `{near}`?"));
            ArgError::new(format!("`{word}` is not marked `trend`; {way_out}"))
        })
    }
}

/// Why a marked number is not watched.
const NOT_STARTED: &str = "the console reads numbers after its start, and none has started in this process";

/// The first few names; most services have no more.
fn what_there_is() -> String {
    const SHOWN: usize = 10;
    let mut names = trends::all_names();
    names.extend(watched::names());
    sort::sort(&mut names);
    names.dedup();
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len() {
        0 => "no variable is".to_owned(),
        more if more > SHOWN => format!("marked are {shown} and {} more", more - SHOWN),
        _ => format!("marked are {shown}"),
    }
}

enum Answer {
    Drawn {
        trend: Trend,
        ascii: bool,
    },
    /// All watched numbers, by name.
    Listed(Vec<(Trend, Growth)>),
}

impl CommandOutput for Answer {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        match self {
            Self::Drawn { trend, ascii } => {
                let width = page.width().unwrap_or(80);
                trend.draw(page, width, *ascii)
            }
            Self::Listed(trends) if trends.is_empty() && !watched::names().is_empty() => {
                writeln!(page, "{} marked, but {NOT_STARTED}", watched::names().join(", "))
            }
            Self::Listed(trends) if trends.is_empty() => {
                writeln!(page, "nothing is watched; write `trend` in a `#[backdoor_var]` to watch a variable")
            }
            Self::Listed(_) => page.write_str(&self.value().to_text(page.width())),
        }
    }

    fn value(&self) -> Value {
        let row = |(trend, growth): &(Trend, Growth)| {
            let fields = [
                ("name", trend.name.as_str().into()),
                ("now", trend.now.into()),
                ("unit", trend.unit.as_str().into()),
                ("shown", trend.shown.name().into()),
            ];
            Value::record(fields.into_iter().chain(growth.fields()))
        };
        match self {
            Self::Drawn { trend, .. } => trend.value(),
            Self::Listed(trends) => trends.iter().map(row).collect(),
        }
    }
}
