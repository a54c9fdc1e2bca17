//! Folds a stack for a reader: each function of the author's, and one line for the library functions that it calls.

use crate::views::threads::frame::Frame;
use crate::views::threads::owner::{crate_of, in_c_library};

/// A line of a folded stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Line<'a> {
    /// A function of the author's.
    Own(&'a Frame),
    /// The library function that the author called, and the innermost one. `inside` counts the frames below the first.
    Inner { called: &'a Frame, inside: usize, innermost: &'a Frame },
}

/// Folds a stack, innermost first. Callers of the outermost function of the author are left out; a stack without such a function is one line.
pub(crate) fn fold(frames: &[Frame]) -> Vec<Line<'_>> {
    let Some(last) = frames.iter().rposition(|frame| !frame.is_inner()) else {
        return idle(frames).into_iter().collect();
    };
    let mut lines = Vec::new();
    let mut rest = &frames[..=last];
    while let Some(first) = rest.first() {
        let length = rest.iter().take_while(|frame| frame.is_inner()).count();
        let (line, used) = match length {
            0 => (Line::Own(first), 1),
            _ => (Line::Inner { called: &rest[length - 1], inside: length - 1, innermost: first }, length),
        };
        lines.push(line);
        rest = &rest[used..];
    }
    lines
}

/// The outermost frame after those that only start a thread.
fn idle(frames: &[Frame]) -> Option<Line<'_>> {
    let starts = |frame: &Frame| {
        in_c_library(frame)
            || ["std", "core", "alloc", ""].contains(&crate_of(frame))
            || frame.function.as_deref().is_none_or(|function| !function.contains("::"))
    };
    let of_role = role_at(frames).map(|(at, _)| at);
    let at = of_role.or_else(|| frames.iter().rposition(|frame| !starts(frame))).unwrap_or(0);
    Some(Line::Inner { called: frames.get(at)?, inside: at, innermost: frames.first()? })
}

/// The role of a thread in tokio, from its stack.
pub(crate) fn role(frames: &[Frame]) -> Option<&'static str> {
    role_at(frames).map(|(_, role)| role)
}

/// The same, with the index of the outermost frame that shows it.
fn role_at(frames: &[Frame]) -> Option<(usize, &'static str)> {
    const ROLES: [(&str, &str); 3] = [
        ("tokio::runtime::scheduler::multi_thread::worker::", "tokio worker"),
        ("tokio::runtime::scheduler::current_thread::", "tokio current-thread"),
        ("tokio::runtime::blocking::pool::", "tokio blocking"),
    ];
    let has = |frame: &Frame, path: &str| {
        frame.function.as_deref().is_some_and(|name| name.trim_start_matches('<').starts_with(path))
    };
    ROLES.iter().find_map(|(path, role)| Some((frames.iter().rposition(|frame| has(frame, path))?, *role)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(functions: &[&str], expected: &[&str]) {
        let frames: Vec<Frame> = functions.iter().map(|function| Frame::named(function)).collect();
        let shown = |line: &Line<'_>| match line {
            Line::Own(frame) => frame.name().to_owned(),
            Line::Inner { called, inside, innermost } => {
                format!("{} +{inside} {}", called.name(), innermost.name())
            }
        };
        assert_eq!(fold(&frames).iter().map(shown).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_authors_functions_stay() {
        check(
            &[
                "std::sys::lock_contended",
                "std::sync::Mutex::lock",
                "shop::a",
                "core::ops::call",
                "shop::b",
                "main",
            ],
            &[
                "std::sync::Mutex::lock +1 std::sys::lock_contended",
                "shop::a",
                "core::ops::call +0 core::ops::call",
                "shop::b",
            ],
        );
    }

    #[test]
    fn a_stack_without_author_functions_is_one_line() {
        let worker = "tokio::runtime::scheduler::multi_thread::worker::run";
        check(
            &["std::park", worker, "tokio::runtime::blocking::pool::run", "std::thread::start", "clone3"],
            &["tokio::runtime::scheduler::multi_thread::worker::run +1 std::park"],
        );
        check(
            &["std::park", "backdoor_runtime::wait", "std::start"],
            &["backdoor_runtime::wait +1 std::park"],
        );
        check(&["std::a", "std::b"], &["std::a +0 std::a"]);
        check(&[], &[]);
    }

    #[test]
    fn roles() {
        let of = |function: &str| {
            role(&[Frame::named(function), Frame::named("tokio::runtime::blocking::pool::run")])
        };
        assert_eq!(of("tokio::runtime::scheduler::multi_thread::worker::run"), Some("tokio worker"));
        assert_eq!(of("shop::a"), Some("tokio blocking"));
        assert_eq!(role(&[Frame::named("shop::a")]), None);
    }
}
