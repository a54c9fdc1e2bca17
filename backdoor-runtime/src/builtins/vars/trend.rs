//! What a number was, drawn.

use std::fmt;

use crate::trends::{self, NotWatched, Trend};
use crate::{ArgError, CommandOutput, FromArg, Page, Value, backdoor_command};

/// Draw what a number was in the last minute, hour and day
///
/// Numbers are read once a second; of a counter it is the rate that is drawn.
/// Bars show the mean, and the shade above them the most.
/// Where nothing was measured, the bar and its axis are missing.
#[backdoor_command(reads, on = helper)]
fn trend(
    /// A variable that is marked `trend`
    #[arg(complete = names)]
    name: Name,
    /// With ASCII characters only
    #[arg(long)]
    ascii: bool,
) -> Drawing {
    Drawing { trend: name.0, ascii }
}

fn names(so_far: &str) -> Vec<String> {
    let mut names = trends::names();
    names.retain(|name| name.starts_with(so_far));
    names
}

/// The name of something watched, and with it what was found there.
struct Name(Trend);

impl FromArg for Name {
    const NAME: &'static str = "name";

    fn from_arg(word: &str) -> Result<Self, ArgError> {
        trends::find(word).map(Name).map_err(|NotWatched { near, .. }| {
            let way_out = near.map_or_else(what_there_is, |near| format!("did you mean `{near}`?"));
            ArgError::new(format!("`{word}` is not marked `trend`; {way_out}"))
        })
    }
}

/// The first few names, which is all of them in most services.
fn what_there_is() -> String {
    const SHOWN: usize = 10;
    let names = trends::names();
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len() {
        0 => "nothing is".to_owned(),
        more if more > SHOWN => format!("marked are {shown} and {} more", more - SHOWN),
        _ => format!("marked are {shown}"),
    }
}

struct Drawing {
    trend: Trend,
    ascii: bool,
}

impl CommandOutput for Drawing {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let width = page.width().unwrap_or(80);
        self.trend.draw(page, width, self.ascii)
    }

    fn value(&self) -> Value {
        self.trend.value()
    }
}
