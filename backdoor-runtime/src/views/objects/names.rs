//! Names of types: the short name, with as much of the path as makes it unique.

use std::fmt::Write;

use crate::base::suggest::nearest;

/// Why a name matches no type, or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NameError {
    /// No type of this name has had objects.
    Unknown {
        /// The requested name.
        name: String,
        /// The most similar name.
        nearest: Option<String>,
    },
    /// Several types have this name.
    Several {
        /// The requested name.
        name: String,
        /// Their unique names.
        names: Vec<String>,
    },
}

impl std::fmt::Display for NameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown { name, nearest: Some(near) } => {
                write!(f, "no type `{name}` is tracked; did you mean `{near}`?")
            }
            Self::Unknown { name, nearest: None } => {
                write!(f, "no type `{name}` is tracked; `objects` lists the tracked types")
            }
            Self::Several { name, names } => {
                write!(f, "`{name}` matches several types: `{}`; name one of them", names.join("`, `"))
            }
        }
    }
}

impl std::error::Error for NameError {}

/// The names of these types: the shortest unique end of the path. Types with the same path get numbers.
pub(super) fn distinct(paths: &[&str]) -> Vec<String> {
    let mut words = vec![1; paths.len()];
    let mut names: Vec<String> = paths.iter().map(|path| last_words(path, 1)).collect();
    loop {
        let alike =
            |at: usize| (0..paths.len()).any(|other| paths[other] != paths[at] && names[other] == names[at]);
        let unclear: Vec<usize> = (0..paths.len()).filter(|at| alike(*at)).collect();
        if unclear.is_empty() {
            break;
        }
        for at in unclear {
            words[at] += 1;
            names[at] = last_words(paths[at], words[at]);
        }
    }
    for at in 0..paths.len() {
        let before = paths[..at].iter().filter(|path| **path == paths[at]).count();
        if before > 0 {
            // Writing to a string cannot fail.
            let _ = write!(names[at], "#{}", before + 1);
        }
    }
    names
}

/// The index of the type with this name. The name may leave out the type's arguments and the beginning of its path.
pub(super) fn find(wanted: &str, paths: &[&str]) -> Result<usize, NameError> {
    let names = distinct(paths);
    let name = wanted.to_owned();
    let passes: [&dyn Fn(usize) -> bool; 4] = [
        &|at| names[at] == wanted,
        &|at| is_end_of(wanted, paths[at]) || last_words(paths[at], 1) == wanted,
        &|at| is_end_of(wanted, without_arguments(paths[at])),
        &|at| is_end_of(&wanted.to_lowercase(), &without_arguments(paths[at]).to_lowercase()),
    ];
    for is_meant in passes {
        let meant: Vec<usize> = (0..paths.len()).filter(|at| is_meant(*at)).collect();
        match meant[..] {
            [] => {}
            [one] => return Ok(one),
            _ => {
                let names = meant.into_iter().map(|at| names[at].clone()).collect();
                return Err(NameError::Several { name, names });
            }
        }
    }
    let nearest = nearest(wanted, names.iter().map(String::as_str)).map(str::to_owned);
    Err(NameError::Unknown { name, nearest })
}

/// Whether this is the path, or the last words of it.
fn is_end_of(end: &str, path: &str) -> bool {
    path.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with("::"))
}

fn without_arguments(path: &str) -> &str {
    path.split_once('<').map_or(path, |(path, _)| path)
}

/// The type's path, in which each path is shortened to its last words.
fn last_words(path: &str, words: usize) -> String {
    let mut short = String::new();
    let mut rest = path;
    while !rest.is_empty() {
        // `{{closure}}` is a word of a path, too.
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '{' | '}');
        let end = path_end(rest, is_word);
        let (one, behind) = rest.split_at(end);
        let keep = one.rmatch_indices("::").nth(words - 1).map_or(0, |(at, _)| at + 2);
        short.push_str(&one[keep..]);
        let next = behind.find(is_word).unwrap_or(behind.len());
        short.push_str(&behind[..next]);
        rest = &behind[next..];
    }
    short
}

/// The end of the path at the beginning of the text.
fn path_end(text: &str, is_word: impl Fn(char) -> bool) -> usize {
    let mut end = 0;
    loop {
        let rest = &text[end..];
        match rest.strip_prefix("::") {
            Some(behind) if behind.starts_with(&is_word) => end += 2,
            _ if rest.starts_with(&is_word) => end += rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => return end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_shortest_unique_ends() {
        let check = |paths: &[&str], names: &[&str]| assert_eq!(distinct(paths), names);
        check(&["shop::order::Order", "shop::Cart"], &["Order", "Cart"]);
        check(&["shop::Order", "billing::Order", "u8"], &["shop::Order", "billing::Order", "u8"]);
        check(&["a::b::T", "c::b::T", "c::d::T"], &["a::b::T", "c::b::T", "d::T"]);
        check(
            &["std::collections::HashMap<alloc::string::String, &'static shop::Order>"],
            &["HashMap<String, &'static Order>"],
        );
        check(&["t::Cache<a::K>", "t::Cache<b::K>"], &["t::Cache<a::K>", "t::Cache<b::K>"]);
        check(
            &["t::f::{{closure}}::Own", "[core::option::Option<dyn a::B>; 3]"],
            &["Own", "[Option<dyn B>; 3]"],
        );
        check(&["a::T", "a::T", "b::T", "a::T"], &["a::T", "a::T#2", "b::T", "a::T#3"]);
    }

    #[test]
    fn a_name_finds_one_type_or_says_why_not() {
        let paths =
            ["shop::Order", "billing::Order", "t::Cache<a::K>", "t::Cache<b::K>", "t::Pool<u8>", "t::Cart"];
        let check = |name: &str, found: Result<usize, &str>| {
            assert_eq!(find(name, &paths).map_err(|error| error.to_string()), found.map_err(str::to_owned));
        };
        check("billing::Order", Ok(1));
        check("Cart", Ok(5));
        check("cart", Ok(5));
        check("Pool", Ok(4));
        check("t::Pool", Ok(4));
        check("Pool<u8>", Ok(4));
        check("t::Cache<b::K>", Ok(3));
        check(
            "Order",
            Err("`Order` matches several types: `shop::Order`, `billing::Order`; name one of them"),
        );
        check(
            "Cache",
            Err("`Cache` matches several types: `t::Cache<a::K>`, `t::Cache<b::K>`; name one of them"),
        );
        check("Crat", Err("no type `Crat` is tracked; did you mean `Cart`?"));
        check("art", Err("no type `art` is tracked; did you mean `Cart`?"));
        check("Zebra", Err("no type `Zebra` is tracked; `objects` lists the tracked types"));
        check("", Err("no type `` is tracked; `objects` lists the tracked types"));
    }
}
