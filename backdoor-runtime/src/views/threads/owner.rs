//! Whose code a function is: the one rule of every view that shows stacks.
//!
//! The source file decides, if it is known, because an inlined function may have only its last name. Otherwise the first word of the
//! function's path decides: its crate.

use crate::views::threads::frame::Frame;

/// Whose code it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The author's, or unknown.
    Author,
    /// A dependency's, the C library's, or the console's.
    Library,
    Std,
}

/// The crates of std.
const STD: [&str; 3] = ["std", "core", "alloc"];

/// Crates in which a service waits, or which run its code. They are recognized without a file name too, as in a program without line
/// tables.
const LIBRARIES: [&str; 40] = [
    "axum",
    "axum_core",
    "backdoor_runtime",
    "bytes",
    "crossbeam_channel",
    "crossbeam_utils",
    "flume",
    "futures_channel",
    "futures_core",
    "futures_executor",
    "futures_util",
    "h2",
    "hashbrown",
    "http",
    "http_body",
    "http_body_util",
    "httparse",
    "hyper",
    "hyper_util",
    "lock_api",
    "mio",
    "native_tls",
    "once_cell",
    "openssl",
    "parking_lot",
    "parking_lot_core",
    "rayon",
    "rayon_core",
    "reqwest",
    "rustls",
    "serde",
    "serde_json",
    "tokio",
    "tokio_rustls",
    "tokio_stream",
    "tokio_util",
    "tonic",
    "tower",
    "tower_http",
    "tracing",
];

/// The directory of our sources, as the compiler was told.
const OURS: &str = file!().split_at(file!().len() - "views/threads/owner.rs".len()).0;

impl Frame {
    pub(crate) fn owner(&self) -> Owner {
        match crate_of(self) {
            of if STD.contains(&of) => Owner::Std,
            of if LIBRARIES.contains(&of) || is_of_dependency(self) || is_in_c(self) => Owner::Library,
            _ => Owner::Author,
        }
    }

    /// Whether it belongs to std, a dependency, the console or the C library.
    pub(crate) fn is_inner(&self) -> bool {
        self.owner() != Owner::Author
    }
}

/// The crate of a frame's function, without its version: `/rustc/HASH/library/core/src/ops.rs`,
/// `../registry/src/index/tokio-1.54.1/src/time.rs`. Nothing if the name has no path.
pub(crate) fn crate_of(frame: &Frame) -> &str {
    let file = frame.file.as_deref().unwrap_or_default();
    if file.contains(OURS) {
        return "backdoor_runtime";
    }
    let of_std = match file.split_once("/library/") {
        Some((start, rest)) if start.starts_with("/rustc/") || start.ends_with("/rustlib/src/rust") => {
            rest.split('/').next()
        }
        _ => None,
    };
    let of_file = of_std.or_else(|| package_of(file)?.rsplit_once('-').map(|(name, _)| name));
    of_file.unwrap_or_else(|| crate_of_path(frame.function.as_deref().unwrap_or_default()))
}

/// The directory of a package in cargo's registry, with its version.
fn package_of(file: &str) -> Option<&str> {
    file.split_once("/registry/src/").and_then(|(_, rest)| rest.split('/').nth(1))
}

/// Whether it belongs to a package of a registry, of a git repository, or to a copy made by `cargo vendor`.
fn is_of_dependency(frame: &Frame) -> bool {
    let file = frame.file.as_deref().unwrap_or_default();
    let is_vendored =
        || file.split_once("/vendor/").is_some_and(|(_, rest)| rest.split('/').nth(1) == Some("src"));
    package_of(file).is_some() || file.contains("/git/checkouts/") || is_vendored()
}

/// Functions of C have no path. Functions without a known source file are not the author's: the author would have built them with one, as
/// the rest.
fn is_in_c(frame: &Frame) -> bool {
    // musl's functions have source files if it is linked statically.
    const MUSL: &str = "/src_musl/";
    let is_start = |function: &str| {
        let starts = matches!(function, "main" | "_start" | "start_thread" | "clone3" | "__clone");
        starts || ["__rust", "rust_", "_Unwind"].iter().any(|start| function.starts_with(start))
    };
    let has_own_file = frame.file.as_deref().is_some_and(|file| !file.contains(MUSL));
    let is_c = |function: &str| !function.contains("::") && (!has_own_file || is_start(function));
    frame.function.as_deref().is_some_and(is_c) || in_c_library(frame)
}

/// Whether it is in one of the system's own libraries.
pub(crate) fn in_c_library(frame: &Frame) -> bool {
    frame.module.as_deref().is_some_and(is_c_library)
}

pub(super) fn is_c_library(name: &str) -> bool {
    const LIBRARIES: [&str; 8] =
        ["libc.so", "libc-", "ld-", "libpthread", "libgcc_s", "libm.so", "libc.musl", "[vdso]"];
    LIBRARIES.iter().any(|library| name.starts_with(library))
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

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
    fn the_owner_by_the_file() {
        #[track_caller]
        fn check(file: &str, of: &str, owner: Owner) {
            let frame = Frame { file: Some(file.into()), ..Frame::named("next<T>") };
            assert_eq!((crate_of(&frame), frame.owner()), (of, owner), "{file}");
        }
        check("/rustc/59807616e1/library/core/src/ops/function.rs", "core", Owner::Std);
        check("/u/.rustup/toolchains/stable/lib/rustlib/src/rust/library/std/src/fs.rs", "std", Owner::Std);
        check("/u/.cargo/registry/src/index-19/tokio-1.54.1/src/time.rs", "tokio", Owner::Library);
        check("/u/.cargo/registry/src/index-19/some-pool-0.7.20/src/time.rs", "some-pool", Owner::Library);
        check("/u/.cargo/git/checkouts/pool-83f/1c2/src/lib.rs", "next", Owner::Library);
        check("/build/shop/vendor/pool/src/lib.rs", "next", Owner::Library);
        check(concat!("/build/", file!()), "backdoor_runtime", Owner::Library);
        check("/srv/shop/library/src/main.rs", "next", Owner::Author);
        check("/srv/shop/src/vendor/price.rs", "next", Owner::Author);
    }

    #[test]
    fn the_owner_by_the_name() {
        #[track_caller]
        fn check(function: &str, owner: Owner) {
            assert_eq!(Frame::named(function).owner(), owner, "{function}");
        }
        check("std::sync::poison::mutex::Mutex<T>::lock", Owner::Std);
        check("<hyper::server::Connection as core::future::Future>::poll", Owner::Library);
        check("main", Owner::Library);
        check("__rust_begin_short_backtrace", Owner::Library);
        check("sqlite3_step", Owner::Library);
        check("shop::main", Owner::Author);
        let own = Frame { file: Some("/srv/shop/native/price.c".into()), ..Frame::named("price") };
        assert_eq!(own.owner(), Owner::Author, "a function of C with a file of the author's");
        let unnamed =
            |module: &str| Frame { module: Some(module.into()), function: None, ..Frame::named("") };
        assert_eq!(unnamed("libc.so.6+0x91235").owner(), Owner::Library);
        assert_eq!(unnamed("shop+0x91235").owner(), Owner::Author, "nothing tells");
    }

    /// A11: the compiler remaps `file!()` if the author asks for it, but cargo does not remap its directories.
    #[test]
    fn no_directory_of_the_builder_is_in_the_program() {
        assert!(OURS.ends_with("src/") && !OURS.contains("threads"), "{OURS}");
        let mut left = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(directory) = left.pop() {
            for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    left.push(path);
                    continue;
                }
                // Code that is compiled only for tests may.
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                let is_test = path.file_name().is_some_and(|name| name == "tests.rs");
                assert!(
                    is_test || !code.contains(concat!("env!(\"CARGO_", "MANIFEST")),
                    "{}",
                    path.display()
                );
            }
        }
    }
}
