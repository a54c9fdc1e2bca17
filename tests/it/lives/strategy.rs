//! The same service with `panic = "abort"`, where a panic of the console would end it. Only the program itself is compiled so, against the
//! existing crates: rustc allows that, and it takes seconds.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The service with the usual panic strategy, and the one that aborts.
pub(super) fn programs() -> [&'static Path; 2] {
    [Path::new(env!("CARGO_BIN_EXE_service")), aborting()]
}

fn aborting() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let libraries = libraries();
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("service-that-aborts");
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()));
        rustc.args(["--edition", "2024", "--crate-name", "service", "-C", "panic=abort", "-o"]).arg(&program);
        for name in ["backdoor_runtime", "rustix", "tokio", "tracing_subscriber"] {
            let file = &libraries[name];
            rustc.arg("--extern").arg(format!("{name}={}", file.display()));
            rustc.arg("-L").arg(format!("dependency={}", file.parent().unwrap().display()));
        }
        rustc.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/service/main.rs"));
        assert!(rustc.status().unwrap().success(), "the service does not compile");
        program
    })
}

/// The libraries that the service links, by crate name.
fn libraries() -> HashMap<String, PathBuf> {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "tests", "--bin", "service", "--message-format=json"])
        .args(if cfg!(debug_assertions) { &[][..] } else { &["--release"] })
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(built.status.success(), "the service does not build");
    let library = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let file = message["filenames"].as_array()?.iter().filter_map(|file| file.as_str());
        let file = file.into_iter().find(|file| file.ends_with(".rlib"))?;
        Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(file)))
    };
    String::from_utf8(built.stdout).unwrap().lines().filter_map(library).collect()
}
