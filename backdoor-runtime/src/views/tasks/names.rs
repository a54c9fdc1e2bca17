//! The parts of a function's name that an await stack shows.

use std::path::Path;

use crate::views::threads::Frame;

impl Frame {
    /// Whether it is a closure inside that function, such as an asynchronous block.
    pub(crate) fn is_inside(&self, outer: &Self) -> bool {
        self.file == outer.file
            && self.name().strip_prefix(outer.name()).is_some_and(|rest| rest.starts_with("::{"))
    }

    /// The path of the function, without additions by the compiler and generics.
    pub(crate) fn path(&self) -> String {
        plain(self.name())
    }

    /// The file in short form: the part after `src/`, or the last two parts of its path.
    pub(crate) fn short_file(&self) -> Option<String> {
        self.file.as_deref().map(short_file)
    }
}

fn short_file(file: &str) -> String {
    if let Some((_, behind)) = file.rsplit_once("/src/") {
        return behind.to_owned();
    }
    let words: Vec<_> = Path::new(file).components().rev().take(2).collect();
    let words: Vec<_> = words.iter().rev().map(|word| word.as_os_str().to_string_lossy()).collect();
    words.join("/").replace("//", "/")
}

/// The last word of a path, with the type before it.
pub(crate) fn short_function(path: &str) -> &str {
    let Some(last) = path.rfind("::") else { return path };
    let before = path[..last].rfind("::").map_or(0, |at| at + 2);
    let owner = &path[before..last];
    if owner.starts_with(|c: char| c.is_uppercase()) { &path[before..] } else { &path[last + 2..] }
}

/// A path without closures and generics: `<A as B>::c` becomes `A::c`, and a poll becomes the polled type.
fn plain(raw: &str) -> String {
    let mut path = String::new();
    let mut rest = raw;
    if let Some(inner) = raw.strip_prefix('<')
        && let Some(end) = closing(inner)
    {
        let subject = inner[..end].split(" as ").next().unwrap_or_default();
        path = plain(subject.trim_start_matches(['&', '*']).trim_start_matches("mut "));
        rest = &inner[end + 1..];
    }
    let mut depth = 0_usize;
    let mut before = ' ';
    for c in rest.chars() {
        match c {
            '<' => depth += 1,
            '>' if before == '-' => {}
            '>' => depth = depth.saturating_sub(1),
            c if depth == 0 => path.push(c),
            _ => {}
        }
        before = c;
    }
    let words = path.split("::").filter(|word| !word.is_empty() && !word.starts_with('{'));
    let words: Vec<&str> = words.collect();
    match words.split_last() {
        Some((&"poll", before)) if raw.contains("Future>") && !before.is_empty() => before.join("::"),
        _ => words.join("::"),
    }
}

/// The position of the bracket that closes the open one.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            '>' if text[..at].ends_with('-') => {}
            '>' if depth == 0 => return Some(at),
            '>' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_plain() {
        #[track_caller]
        fn check(raw: &str, expected: &str) {
            assert_eq!(plain(raw), expected);
        }
        check("shop::orders::checkout::{{closure}}", "shop::orders::checkout");
        check("shop::orders::checkout::{closure#0}", "shop::orders::checkout");
        check(
            "<tokio::time::sleep::Sleep as core::future::future::Future>::poll",
            "tokio::time::sleep::Sleep",
        );
        check("tokio::sync::mutex::Mutex<T>::lock::{{closure}}", "tokio::sync::mutex::Mutex::lock");
        check("<shop::Pool<fn(u8) -> u8>>::get", "shop::Pool::get");
        check("main", "main");
        check("", "");
    }

    #[test]
    fn functions_are_named_with_their_type() {
        assert_eq!(short_function("shop::orders::checkout"), "checkout");
        assert_eq!(short_function("shop::Pool::get"), "Pool::get");
        assert_eq!(short_function("main"), "main");
    }

    #[test]
    fn files_are_named_from_the_sources() {
        assert_eq!(short_file("/build/shop/src/orders/cart.rs"), "orders/cart.rs");
        assert_eq!(short_file("/build/shop/tests/cart.rs"), "tests/cart.rs");
        assert_eq!(short_file("cart.rs"), "cart.rs");
    }
}
