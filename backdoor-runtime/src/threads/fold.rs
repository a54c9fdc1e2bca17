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
pub(crate) fn is_inner(frame: &Frame) -> bool {
    if INNER.contains(&crate_of(frame)) {
        return true;
    }
    match frame.function.as_deref() {
        Some(function) if !function.contains("::") => {
            let of_rust = ["__rust", "rust_", "_Unwind"].iter().any(|start| function.starts_with(start));
            let starts = matches!(function, "main" | "_start" | "start_thread" | "clone3" | "__clone");
            of_rust || starts || in_c_library(frame)
        }
        _ => in_c_library(frame),
    }
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
    let starts = |frame: &Frame| {
        in_c_library(frame)
            || ["std", "core", "alloc", ""].contains(&crate_of(frame))
            || frame.function.as_deref().is_none_or(|function| !function.contains("::"))
    };
    let of_role = role_at(frames).map(|(at, _)| at);
    let at = of_role.or_else(|| frames.iter().rposition(|frame| !starts(frame))).unwrap_or(0);
    Some(Line::Inner { called: frames.get(at)?, inside: at, innermost: frames.first()? })
}

fn in_c_library(frame: &Frame) -> bool {
    const LIBRARIES: [&str; 7] = ["libc.so", "libc-", "ld-", "libpthread", "libgcc_s", "libm.so", "[vdso]"];
    let module = frame.module.as_deref().unwrap_or_default();
    LIBRARIES.iter().any(|library| module.starts_with(library))
}

/// The crate that a frame's function was written in, without its version. A function that was inlined may be known by its last name
/// alone, but its file tells: `/rustc/HASH/library/core/src/ops.rs`, `../registry/src/index/tokio-1.54.1/src/time.rs`.
pub(crate) fn crate_of(frame: &Frame) -> &str {
    let file = frame.file.as_deref().unwrap_or_default();
    if file.starts_with(concat!(env!("CARGO_MANIFEST_DIR"), "/src/")) {
        return "backdoor_runtime";
    }
    let of_file = match file.split_once("/library/") {
        Some((start, rest)) if start.starts_with("/rustc/") || start.ends_with("/rustlib/src/rust") => {
            rest.split('/').next()
        }
        _ => file
            .split_once("/registry/src/")
            .and_then(|(_, rest)| rest.split('/').nth(1)?.rsplit_once('-'))
            .map(|(name, _)| name),
    };
    of_file.unwrap_or_else(|| crate_of_path(frame.function.as_deref().unwrap_or_default()))
}

/// The crate of a function's path: of `<shop::Cart as core::fmt::Display>::fmt` it is `shop`, of `<F as tokio::Task>::run`, where
/// only the trait has a name, `tokio`.
fn crate_of_path(function: &str) -> &str {
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
        Some(of_trait) => crate_of_path(of_trait),
        None => name,
    }
}

/// What a thread is to tokio, seen from its stack.
pub(crate) fn role(frames: &[Frame]) -> Option<&'static str> {
    role_at(frames).map(|(_, role)| role)
}

/// The same with the outermost frame that shows it.
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
        let check = |function: &str, of: &str| assert_eq!(crate_of_path(function), of, "{function}");
        check("shop::cache::refresh", "shop");
        check("<shop::Cart as core::fmt::Display>::fmt", "shop");
        check("<&mut dyn shop::Cart as core::fmt::Display>::fmt", "shop");
        check("<alloc::boxed::Box<F,A> as core::ops::function::FnOnce<Args>>::call_once", "alloc");
        check("<F as tokio::runtime::Task>::run", "tokio");
        check("", "");
    }

    #[test]
    fn the_crate_of_a_file() {
        let check = |file: &str, of: &str| {
            let inlined = Frame { file: Some(file.to_owned()), ..frame("next<T>") };
            assert_eq!(crate_of(&inlined), of, "{file}");
        };
        check("/rustc/59807616e1/library/core/src/ops/function.rs", "core");
        check("/u/.cargo/registry/src/index-19/tokio-1.54.1/src/time.rs", "tokio");
        check("/u/.cargo/registry/src/index-19/tokio-util-0.7.20/src/time.rs", "tokio-util");
        check(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dispatch/audit.rs"), "backdoor_runtime");
        check("/srv/shop/library/src/main.rs", "next");
        check("", "next");
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
        check(
            &["std::park", "backdoor_runtime::wait", "std::start"],
            &["backdoor_runtime::wait +1 std::park"],
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
