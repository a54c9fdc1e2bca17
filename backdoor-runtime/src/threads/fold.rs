//! What of a stack is worth reading: the author's functions, and of what they call one line.

use crate::threads::symbols::Frame;

/// The crates whose frames are folded: what a service waits in, and what runs its code.
const INNER: [&str; 9] = [
    "std",
    "core",
    "alloc",
    "tokio",
    "mio",
    "parking_lot",
    "parking_lot_core",
    "lock_api",
    "backdoor_runtime",
];

/// A line of a folded stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Line<'a> {
    /// A function of the author's.
    Own(&'a Frame),
    /// What he called, and what that is in. `inside` counts the frames below the first.
    Inner { called: &'a Frame, inside: usize, innermost: &'a Frame },
}

/// Whether a frame is of std, tokio, the console or the C library.
///
/// A function that was inlined may be known by its last name alone; then its file tells.
pub(crate) fn is_inner(frame: &Frame) -> bool {
    if frame.file.as_deref().is_some_and(is_inner_file) {
        return true;
    }
    match frame.function.as_deref() {
        Some(function) if function.contains("::") => INNER.contains(&crate_of(function)),
        Some(function) => {
            let of_rust = ["__rust", "rust_", "_Unwind"].iter().any(|start| function.starts_with(start));
            of_rust || matches!(function, "main" | "_start") || in_c_library(frame)
        }
        None => in_c_library(frame),
    }
}

/// `/rustc/HASH/library/core/src/ops.rs`, or `../registry/src/index/tokio-1.54.1/src/time.rs`
fn is_inner_file(file: &str) -> bool {
    let of_crate = |part: &str| {
        part.rsplit_once('-').is_some_and(|(name, version)| {
            version.starts_with(|c: char| c.is_ascii_digit())
                && INNER.contains(&name.replace('-', "_").as_str())
        })
    };
    file.starts_with("/rustc/")
        || file.contains("/rustlib/src/rust/library/")
        || file.split('/').any(of_crate)
}

/// Folds a stack, innermost first. What called the author's outermost function is left out; a stack without any of his is one line.
pub(crate) fn fold(frames: &[Frame]) -> Vec<Line<'_>> {
    let Some(last) = frames.iter().rposition(|frame| !is_inner(frame)) else {
        return idle(frames).into_iter().collect();
    };
    let mut lines = Vec::new();
    let mut rest = &frames[..=last];
    while let Some(first) = rest.first() {
        let length = rest.iter().take_while(|frame| is_inner(frame)).count();
        let (line, used) = match length {
            0 => (Line::Own(first), 1),
            _ => (Line::Inner { called: &rest[length - 1], inside: length - 1, innermost: first }, length),
        };
        lines.push(line);
        rest = &rest[used..];
    }
    lines
}

/// The outermost frame that says more than that a thread was started.
fn idle(frames: &[Frame]) -> Option<Line<'_>> {
    let starts = |frame: &&Frame| {
        let function = frame.function.as_deref().unwrap_or_default();
        in_c_library(frame) || ["std", "core", "alloc"].contains(&crate_of(function)) || is_start(function)
    };
    let at = frames.iter().rposition(|frame| !starts(&frame)).unwrap_or(0);
    let called = frames.get(at)?;
    Some(Line::Inner { called, inside: at, innermost: frames.first()? })
}

fn is_start(function: &str) -> bool {
    !function.contains("::") || function.starts_with("tokio::runtime::blocking::")
}

fn in_c_library(frame: &Frame) -> bool {
    const LIBRARIES: [&str; 7] = ["libc.so", "libc-", "ld-", "libpthread", "libgcc_s", "libm.so", "[vdso]"];
    let module = frame.module.as_deref().unwrap_or_default();
    LIBRARIES.iter().any(|library| module.starts_with(library))
}

/// The crate of a function's path: of `<shop::Cart as core::fmt::Display>::fmt` it is `shop`, of `<F as tokio::Task>::run`, where
/// only the trait has a name, `tokio`.
fn crate_of(function: &str) -> &str {
    let mut path = function;
    loop {
        let inside = path.trim_start_matches(['<', '&', '*', '(', '[', ' ']);
        let words = ["mut ", "dyn ", "const ", "impl "];
        let inside = words.iter().find_map(|word| inside.strip_prefix(word)).unwrap_or(inside);
        if inside.len() == path.len() {
            break;
        }
        path = inside;
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let name = &path[..path.find(|c| !is_name(c)).unwrap_or(path.len())];
    match path[name.len()..].strip_prefix(" as ") {
        Some(of_trait) => crate_of(of_trait),
        None => name,
    }
}

/// What a thread is to tokio, seen from its stack.
pub(crate) fn role(frames: &[Frame]) -> Option<&'static str> {
    const ROLES: [(&str, &str); 3] = [
        ("tokio::runtime::scheduler::multi_thread::worker::", "tokio worker"),
        ("tokio::runtime::scheduler::current_thread::", "tokio current-thread"),
        ("tokio::runtime::blocking::pool::", "tokio blocking"),
    ];
    let runs = |path: &str| {
        frames.iter().rev().any(|frame| frame.function.as_deref().is_some_and(|name| name.contains(path)))
    };
    ROLES.iter().find(|(path, _)| runs(path)).map(|(_, role)| *role)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: &str) -> Frame {
        let module = Some("shop+0x10".to_owned());
        Frame { function: Some(function.to_owned()), file: None, line: None, module, inlined: false }
    }

    #[track_caller]
    fn check(functions: &[&str], expected: &[&str]) {
        let frames: Vec<Frame> = functions.iter().map(|function| frame(function)).collect();
        let shown = |line: &Line<'_>| match line {
            Line::Own(frame) => frame.name().to_owned(),
            Line::Inner { called, inside, innermost } => {
                format!("{} +{inside} {}", called.name(), innermost.name())
            }
        };
        assert_eq!(fold(&frames).iter().map(shown).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_crate_of_a_function() {
        let check = |function: &str, of: &str| assert_eq!(crate_of(function), of, "{function}");
        check("shop::cache::refresh", "shop");
        check("<shop::Cart as core::fmt::Display>::fmt", "shop");
        check("<&mut dyn shop::Cart as core::fmt::Display>::fmt", "shop");
        check("<alloc::boxed::Box<F,A> as core::ops::function::FnOnce<Args>>::call_once", "alloc");
        check("<F as tokio::runtime::Task>::run", "tokio");
        check("", "");
    }

    #[test]
    fn what_is_inner() {
        assert!(is_inner(&frame("std::sync::poison::mutex::Mutex<T>::lock")));
        assert!(is_inner(&frame("main")));
        assert!(is_inner(&frame("__rust_begin_short_backtrace")));
        assert!(!is_inner(&frame("shop::main")));
        assert!(!is_inner(&frame("sqlite3_step")));
        let unnamed = |module: &str| Frame { module: Some(module.to_owned()), function: None, ..frame("") };
        assert!(is_inner(&unnamed("libc.so.6+0x91235")));
        assert!(!is_inner(&unnamed("shop+0x91235")));
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
    fn a_thread_without_any() {
        let worker = "tokio::runtime::scheduler::multi_thread::worker::run";
        check(
            &["std::park", worker, "tokio::runtime::blocking::pool::run", "std::thread::start", "clone3"],
            &["tokio::runtime::scheduler::multi_thread::worker::run +1 std::park"],
        );
        check(&["std::a", "std::b"], &["std::a +0 std::a"]);
        check(&[], &[]);
    }

    #[test]
    fn roles() {
        let of = |function: &str| role(&[frame(function), frame("tokio::runtime::blocking::pool::run")]);
        assert_eq!(of("tokio::runtime::scheduler::multi_thread::worker::run"), Some("tokio worker"));
        assert_eq!(of("shop::a"), Some("tokio blocking"));
        assert_eq!(role(&[frame("shop::a")]), None);
    }
}
