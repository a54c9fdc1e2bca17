//! The commands `objects` and `fo`: the counts of each type, and single objects.

use std::fmt::{self, Write};
use std::time::Duration;

use tokio::time::sleep;

use crate::reply::items::{Field, Item, Items, produce, rows_shown};
use crate::views::objects::{self, GrowthInfo, ObjectInfo, Search, SearchEnd, Snapshot, TypeInfo};
use crate::{CommandOutput, Page, Value, backdoor_command};

/// The default window of `--growing`.
const WINDOW: Duration = Duration::from_secs(10);

const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(3000);

/// Live objects by type, growth, and the line that allocates them
///
/// Counts objects of types that derive `Track`, and objects in a `Tracked`. Rates cover the last ten seconds.
///
/// With --growing, shows the types with more objects at the end of a window, and the lines that created them.
///
/// `fo TYPE` shows single objects.
///
/// Examples:
///   objects
///   objects --growing --for 30s
#[backdoor_command(builtin = "objects", reads, on = helper, timeout = "1h")]
async fn objects(
    /// Only types with this text in their path, or in the path of a file that creates them
    pattern: Option<String>,
    /// Show the full path of each type
    #[arg(long)]
    full: bool,
    /// Only types that grow, in a window of 10s or of --for
    #[arg(long)]
    growing: bool,
    /// The window of --growing
    #[arg(long = "for", range = SHORTEST..=LONGEST)]
    window: Option<Duration>,
) -> Result<Objects, String> {
    if !growing {
        return match window {
            Some(_) => Err("--for needs --growing".to_owned()),
            None => Ok(Objects::types(pattern, full)),
        };
    }
    let window = window.unwrap_or(WINDOW);
    let before = Snapshot::now();
    sleep(window).await;
    let growth = before.growth();
    let is_wanted = |grown: &GrowthInfo| pattern.as_deref().is_none_or(|pattern| grown.matches(pattern));
    Ok(Objects::Growth { growth: growth.into_iter().filter(is_wanted).collect(), window, full })
}

/// Objects of one type, the oldest first, with their `Debug` text
///
/// Objects that are created during the command are not shown.
///
/// `Debug` runs on a separate thread. If it does not return within 100 ms, the console stops calling it for this type; the waiting thread
/// counts among the owners of the object.
///
/// Examples:
///   fo Order --older 5m
///   fo Order --where failed --limit 100
#[backdoor_command(builtin = "objects", reads, on = helper, timeout = "10m")]
async fn fo(
    /// The name of the type as `objects` shows it, or the end of its path
    #[arg(complete = types)]
    r#type: String,
    /// Only objects of at least this age
    #[arg(long)]
    older: Option<Duration>,
    /// Only objects with this text in their `Debug` text or label, in upper or lower case
    #[arg(long = "where")]
    text: Option<String>,
    /// The most objects to show
    #[arg(long, default = 20)]
    limit: usize,
    /// Call `Debug` although it hung before
    #[arg(long)]
    again: bool,
) -> Result<Items, String> {
    let mut search = Search::new(&r#type).map_err(|error| error.to_string())?.limit(limit);
    search = search.older(older.unwrap_or_default());
    if let Some(text) = &text {
        search = search.containing(text);
    }
    if again {
        search = search.again();
    }
    Ok(produce(async move |items| {
        let mut count = 0;
        let mut has_said = false;
        while let Some(some) = items.while_read(search.next()).await? {
            count += some.len();
            let labels = some.iter().any(|object| object.label.is_some());
            let says = some.iter().any(|object| object.text.is_some() || object.missing.is_some());
            has_said |= says || labels;
            let columns = |object: &ObjectInfo| columns(object, labels, says);
            let rows = rows_shown(&some, columns, move |page, table| match says {
                true => page.table(table, &[]),
                false => page.table(&folded(table), &[]),
            });
            items.send_all(rows).await?;
        }
        let mut lines = end_lines(search.end(), text.is_some());
        if count > 0 && !has_said {
            lines.push("(no values: `#[derive(Track)]` counts objects without reading them)".to_owned());
        }
        if count == 0 && search.end().more == 0 {
            let such = if older.is_some() || text.is_some() { "such " } else { "" };
            lines.insert(0, format!("no {such}object of `{type}` is alive"));
        }
        let end = Item::shown(Value::of(search.end()), move |page| {
            lines.iter().try_for_each(|line| writeln!(page, "{line}"))
        });
        items.send(end).await
    }))
}

fn types(so_far: &str) -> Vec<String> {
    let names = objects::list().into_iter().map(|counted| counted.name);
    names.filter(|name| name.starts_with(so_far)).collect()
}

enum Objects {
    Types { types: Vec<TypeInfo>, pattern: Option<String>, full: bool },
    Growth { growth: Vec<GrowthInfo>, window: Duration, full: bool },
}

impl Objects {
    fn types(pattern: Option<String>, full: bool) -> Self {
        let is_wanted =
            |counted: &TypeInfo| pattern.as_deref().is_none_or(|pattern| counted.matches(pattern));
        let types = objects::list().into_iter().filter(is_wanted).collect();
        Self::Types { types, pattern, full }
    }
}

impl CommandOutput for Objects {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let rows: Vec<Value> = match self {
            Self::Types { types, pattern, .. } if types.is_empty() => {
                return match pattern {
                    Some(pattern) => {
                        writeln!(page, "no tracked type has `{pattern}` in its path or in its places")
                    }
                    None => writeln!(page, "no object of a tracked type has been created"),
                };
            }
            Self::Growth { growth, window, .. } if growth.is_empty() => {
                return writeln!(page, "no type grew in {}", Value::from(*window).to_text(None).trim_end());
            }
            Self::Types { types, full, .. } => types.iter().map(|counted| type_row(counted, *full)).collect(),
            Self::Growth { growth, full, .. } => {
                growth.iter().map(|grown| growth_row(grown, *full)).collect()
            }
        };
        page.write_str(&Value::from(rows).to_text(page.width()))
    }

    fn value(&self) -> Value {
        match self {
            Self::Types { types, .. } => Value::of(types),
            Self::Growth { growth, .. } => Value::of(growth),
        }
    }
}

fn type_row(counted: &TypeInfo, full: bool) -> Value {
    let name = if full { counted.path } else { counted.name.as_str() };
    let most = counted.places.first().filter(|place| place.live > 0);
    Value::record([
        ("type", name.into()),
        ("live", counted.live.into()),
        ("peak", counted.peak.into()),
        ("created/s", rate(counted.created_per_second)),
        ("dropped/s", rate(counted.dropped_per_second)),
        ("oldest", counted.oldest.map(rounded).into()),
        ("most from", most.map(|most| short(&most.place)).into()),
    ])
}

fn growth_row(grown: &GrowthInfo, full: bool) -> Value {
    let name = if full { grown.path } else { grown.name.as_str() };
    Value::record([
        ("type", name.into()),
        ("live", grown.live.into()),
        ("grown", format!("+{}", grown.grown).into()),
        ("from", short(&grown.place).into()),
        ("live there", grown.live_there.into()),
        ("grown there", format!("+{}", grown.grown_there).into()),
    ])
}

fn rate(rate: f64) -> Value {
    if rate.fract() == 0.0 { (rate as u64).into() } else { rate.into() }
}

/// A place without its folders, for which a table has no room; `--json` has them.
fn short(place: &str) -> &str {
    place.rsplit('/').next().unwrap_or(place)
}

/// An age with the precision that a reader needs.
fn rounded(age: Duration) -> Duration {
    if age < Duration::from_secs(1) { age } else { Duration::from_secs(age.as_secs()) }
}

/// Merges neighbouring equal rows into one row with their number.
fn folded(rows: &[Value]) -> Vec<Value> {
    let mut folded: Vec<(u64, &Value)> = Vec::new();
    for row in rows {
        match folded.last_mut() {
            Some((count, last)) if *last == row => *count += 1,
            _ => folded.push((1, row)),
        }
    }
    if folded.len() == rows.len() {
        return rows.to_vec();
    }
    let with_count = |(count, row): (u64, &Value)| {
        let Value::Record(mut fields) = row.clone() else { return row.clone() };
        fields.insert(0, ("count".into(), count.into()));
        Value::Record(fields)
    };
    folded.into_iter().map(with_count).collect()
}

/// The columns; with a column for labels if any row has a label, and one for the `Debug` text if any row has text.
fn columns(object: &ObjectInfo, labels: bool, is_said: bool) -> Vec<Field> {
    let says = match (&object.text, &object.missing) {
        (Some(text), Some(missing)) => format!("{text}.. ({missing})").into(),
        (Some(text), None) => text.as_str().into(),
        (None, missing) => missing.as_ref().map(|missing| format!("({missing})")).into(),
    };
    let mut columns = vec![
        ("age", rounded(object.age).into()),
        ("shared", object.strong.into()),
        ("made at", short(&object.place).into()),
    ];
    if labels {
        columns.push(("label", object.label.as_deref().into()));
    }
    if is_said {
        columns.push(("says", says));
    }
    columns
}

/// Notes on objects that the answer does not show.
fn end_lines(end: &SearchEnd, is_searched: bool) -> Vec<String> {
    let &SearchEnd { more, unsearched, cut, .. } = end;
    let mut lines = Vec::new();
    if more > 0 && is_searched {
        lines.push(format!("(up to {more} more; --limit shows them)"));
    } else if more > 0 {
        lines.push(format!("({more} more; --limit shows them)"));
    }
    if unsearched > 0 {
        lines.push(format!("({unsearched} not searched: they have no text)"));
    }
    if cut > 0 {
        lines.push(format!("({cut} searched only in their first 64 KiB)"));
    }
    lines
}
