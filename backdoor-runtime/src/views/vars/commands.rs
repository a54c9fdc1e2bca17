//! Commands that show and change variables of the service, for a time or permanently.

pub(crate) mod shown;

use std::borrow::Cow;
use std::time::Duration;

use crate::base::quote::quote;
use crate::views::vars::commands::shown::{Journal, Listed, Made, One};
use crate::views::vars::secrets;
use crate::views::vars::{self, Change, Terms, VarError, VarInfo};
use crate::{Console, Session, State, backdoor_command};

/// The variables of the service, and who changed them
///
/// A variable has changed by the service where its value is neither its default nor the last value that a console set.
///
/// The list ends with the metrics of other crates, where the author of the service exposes them.
///
/// Examples:
///   vars queue
///   vars --changed
#[backdoor_command(builtin = "vars", reads, on = helper)]
async fn vars(
    State(console): State<Console>,
    /// A part of the name; with `*` for any text, the whole name
    pattern: Option<String>,
    /// Only variables whose value is not the default
    #[arg(long)]
    changed: bool,
) -> Listed {
    let is_named = |name: &str| pattern.as_deref().is_none_or(|pattern| matches(name, pattern));
    let mut variables = console.variables(is_named).await;
    variables.retain(|variable| !variable.hidden && (!changed || variable.changed.is_some()));
    let mut missing = Vec::new();
    if !changed {
        let counted = console.metrics().await;
        let wanted = counted.metrics.into_iter().filter(|metric| is_named(&metric.name.replace('_', "-")));
        variables.extend(wanted.map(VarInfo::of_metric));
        missing = counted.missing;
    }
    Listed { variables, missing, pattern, changed }
}

/// One variable in full: value, default, range, last change
///
/// Examples:
///   get queue-limit
///   get queue-limit --json
#[backdoor_command(builtin = "vars", reads, on = helper)]
async fn get(
    State(console): State<Console>,
    /// The variable, as `vars` lists it
    #[arg(secret_if = secrets::NAMED)]
    name: String,
) -> Result<One, VarError> {
    let unknown = match console.variable(&name).await {
        Ok(variable) => return Ok(One(variable)),
        Err(unknown) => unknown,
    };
    let mut metrics = console.metrics().await.metrics.into_iter();
    metrics.find(|metric| metric.name == name).map(VarInfo::of_metric).map(One).ok_or(unknown)
}

/// Change variables: `set NAME VALUE`, or several at once as `set a=1 b=2`
///
/// The command sets all of them or none. With `--for` the old value returns after that time, also when your session has ended, unless
/// the service has changed the variable again. `changes` lists changes; `undo` and `reset` undo them.
///
/// Examples:
///   set queue-limit 256 --for 10m
///   set a=1 b=2 --because "too many are refused"
#[backdoor_command(builtin = "vars", on = helper)]
async fn set(
    State(console): State<Console>,
    session: Session,
    /// A name and a value, or `name=value` each
    #[arg(secret_if = secrets::ASSIGNED)]
    assignments: Vec<String>,
    /// How long the change lasts
    #[arg(long = "for")]
    time: Option<Duration>,
    /// The reason, for `changes` and the log
    #[arg(long)]
    because: Option<String>,
) -> Result<Made, VarError> {
    let values = pairs(&assignments)?;
    let mut terms = Terms::new();
    if let Some(time) = time {
        terms = terms.lasting(time);
    }
    if let Some(because) = because {
        terms = terms.because(because);
    }
    console.set_variables(&values, &terms, &session).await.map(Made)
}

/// Set variables to their defaults
///
/// Examples:
///   reset queue-limit
///   reset a b
#[backdoor_command(builtin = "vars", on = helper)]
async fn reset(
    State(console): State<Console>,
    session: Session,
    /// The variable
    #[arg(secret_if = secrets::NAMED)]
    name: String,
    /// More variables
    more: Vec<String>,
) -> Result<Made, VarError> {
    let names: Vec<String> = std::iter::once(name).chain(more).collect();
    console.reset_variables(&names, &Terms::new(), &session).await.map(Made)
}

/// Changes of variables and log filters: when, by whom, and why
///
/// A change of a log filter has the name `log` and the target. The last 256 changes are recorded. `until` is the end of a temporary
/// change.
///
/// Examples:
///   changes
///   changes queue-*
#[backdoor_command(builtin = "vars", reads, on = helper)]
fn changes(
    State(console): State<Console>,
    /// A part of the name; with `*` for any text, the whole name
    pattern: Option<String>,
) -> Journal {
    let is_wanted = |change: &Change| {
        pattern.as_deref().is_none_or(|pattern| matches(&change.name.replace('_', "-"), pattern))
    };
    Journal(console.changes().into_iter().filter(is_wanted).collect())
}

/// Undo a change, if its value is still in force
///
/// Without a number, undoes the last change of this session that is in force. A change of another session needs its number.
///
/// Examples:
///   undo
///   undo 3
#[backdoor_command(builtin = "vars", on = helper)]
async fn undo(
    State(console): State<Console>,
    session: Session,
    /// The number of the change, as `changes` shows it
    change: Option<u64>,
) -> Result<Made, VarError> {
    Ok(Made(vec![console.undo(change, &session).await?]))
}

/// The names and values in `a 1`, or in `a=1 b=2`.
fn pairs(words: &[String]) -> Result<Vec<(String, String)>, VarError> {
    let wrong = |why: String| Err(VarError::new(why));
    let pair = |word: &String| match word.split_once('=') {
        Some((name, value)) if !name.is_empty() => Some((name.to_owned(), value.to_owned())),
        _ => None,
    };
    let [name, rest @ ..] = words else {
        return wrong("nothing to set; write `set NAME VALUE`, or `set a=1 b=2`".to_owned());
    };
    match rest {
        // `a = 1`: a shell also splits it into three words; `:=` is the operator of other languages.
        [equals, value @ ..]
            if ["=", ":=", "=="].contains(&equals.as_str()) && !value.is_empty() && !name.contains('=') =>
        {
            vars::known(name)?;
            let value = value.join(" ");
            let value = in_quotes(vars::as_typed(name, &value));
            wrong(format!("write `set {name}={value}`, without spaces around `=`"))
        }
        [equals] if equals.starts_with('=') && !name.contains('=') => {
            vars::known(name)?;
            wrong(format!("write `set {name}{}`, without spaces around `=`", vars::as_typed(name, equals)))
        }
        _ if let Some(pairs) = words.iter().map(pair).collect::<Option<Vec<_>>>() => Ok(pairs),
        [value] if !name.contains('=') => Ok(vec![(name.clone(), value.clone())]),
        [] if !name.contains('=') => {
            vars::known(name)?;
            wrong(format!("a value is missing for `{name}`; write `set {name} VALUE`"))
        }
        _ if name.contains('=') => {
            let odd = words.iter().find(|word| pair(word).is_none()).unwrap_or(name);
            let name = name.split_once('=').map_or(name.as_str(), |(name, _)| name);
            if odd.starts_with('=') {
                return wrong(format!(
                    "{} has no name in front of `=`; write `set a=1 b=2`",
                    vars::quoted(name, odd)
                ));
            }
            wrong(format!(
                "{} has no `=` behind a name; write `set a=1 b=2`, and quotes around a value with spaces",
                vars::quoted(name, odd)
            ))
        }
        // `a 1 b 2`: the operator tried to set several variables in this form.
        [value, other, more @ ..] if vars::known(name).is_ok() && vars::known(other).is_ok() => {
            let (value, next) = (
                vars::as_typed(name, value),
                more.first().map_or("VALUE", |next| vars::as_typed(other, next)),
            );
            wrong(format!("several variables are set with `=`: `set {name}={value} {other}={next}`"))
        }
        [_, odd, ..] => {
            vars::known(name)?;
            let hint = match vars::is_secret(name) {
                true => String::new(),
                false => format!(": `set {name} {}`", in_quotes(&rest.join(" "))),
            };
            wrong(format!("{} is an extra word; quote a value with spaces{hint}", vars::quoted(name, odd)))
        }
        _ => wrong(format!("a value is missing for `{name}`; write `set NAME VALUE`, or `set a=1 b=2`")),
    }
}

/// A value in the form that an operator types: quoted, if it needs quotes.
fn in_quotes(value: &str) -> Cow<'_, str> {
    match quote(value) {
        Cow::Owned(quoted) if quoted.starts_with('\'') && !value.contains(['"', '\\']) => {
            format!("\"{value}\"").into()
        }
        typed => typed,
    }
}

/// Whether a name contains this text, or matches a pattern with `*`.
fn matches(name: &str, pattern: &str) -> bool {
    let pattern = pattern.replace('_', "-");
    let Some((first, rest)) = pattern.split_once('*') else { return name.contains(&pattern) };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_a_part_or_with_a_star_all() {
        let check =
            |name: &str, pattern: &str, expected| assert_eq!(matches(name, pattern), expected, "{pattern}");
        check("pool-size", "ol-s", true);
        check("pool-size", "pool_s", true);
        check("pool-size", "x", false);
        check("pool-size", "pool-*", true);
        check("pool-size", "*size", true);
        check("pool-size", "p*l*e", true);
        check("pool-size", "*pool", false);
        check("pool-size", "ool*", false);
        check("pool-size", "*", true);
    }

    /// `operator.md` C23, `newcomer.md` 1.3: for each of these lines, the message said that the variable sets nothing.
    #[test]
    fn errors_of_set_lines_name_the_word() {
        vars::register("pairs-batch", || 1).unwrap();
        vars::register("pairs-greeting", || 1).unwrap();
        vars::Computed::new("pairs-token", || 1).secret().register().unwrap();
        #[track_caller]
        fn check(line: &str, expected: &str) {
            let words: Vec<String> = line.split(' ').map(|word| word.replace('_', " ")).collect();
            assert_eq!(pairs(&words).unwrap_err().to_string(), expected);
        }
        check(
            "pairs-greeting hello world",
            "`world` is an extra word; quote a value with spaces: `set pairs-greeting \"hello world\"`",
        );
        check(
            "pairs-greeting to the whole world",
            "`the` is an extra word; quote a value with spaces: `set pairs-greeting \"to the whole world\"`",
        );
        check("pairs-token hello world", "the typed word is an extra word; quote a value with spaces");
        check(
            "pairs-batch 20 30",
            "`30` is an extra word; quote a value with spaces: `set pairs-batch \"20 30\"`",
        );
        check("pairs-batch = 5", "write `set pairs-batch=5`, without spaces around `=`");
        check(
            "pairs-greeting = hello world",
            "write `set pairs-greeting=\"hello world\"`, without spaces around `=`",
        );
        check("pairs-batch := 5", "write `set pairs-batch=5`, without spaces around `=`");
        check("pairs-batch =5", "write `set pairs-batch=5`, without spaces around `=`");
        check("pairs-token = 5", "write `set pairs-token=VALUE`, without spaces around `=`");
        check(
            "pairs-batch 5 pairs-greeting x",
            "several variables are set with `=`: `set pairs-batch=5 pairs-greeting=x`",
        );
        check("pairs-greeting", "a value is missing for `pairs-greeting`; write `set pairs-greeting VALUE`");
        check("pairs-opt 3 pairs-batch x", "there is no variable `pairs-opt`; `vars` lists them");
        check(
            "pairs-batch=5 pairs-greeting x",
            "`pairs-greeting` has no `=` behind a name; write `set a=1 b=2`, and quotes around a value with spaces",
        );
        let good = |line: &str| {
            pairs(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
                .unwrap()
                .into_iter()
                .map(|(name, value)| format!("{name}:{value}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(good("a 1"), "a:1");
        assert_eq!(good("a x=1"), "a:x=1");
        assert_eq!(good("a=1 b=x=2"), "a:1 b:x=2");
    }
}
