//! Decides which views there are, and notes what compiles the crate, which the program cannot find out later.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    parts();
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(compiler).arg("--version").output();
    let version = version.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    println!("cargo::rustc-env=BACKDOOR_RUSTC={}", version.trim());
    for (name, of_cargo) in
        [("BACKDOOR_TARGET", "TARGET"), ("BACKDOOR_PROFILE", "PROFILE"), ("BACKDOOR_OPT_LEVEL", "OPT_LEVEL")]
    {
        println!("cargo::rustc-env={name}={}", env::var(of_cargo).unwrap_or_default());
    }
}

/// The parts of the crate, by its features and by the operating system. `--cfg backdoor_unsupported_os` plays another one.
fn parts() {
    let is =
        |name: &str, value: &str| env::var(format!("CARGO_CFG_{name}")).is_ok_and(|found| found == value);
    let has = |feature: &str| env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    let is_supported = is("TARGET_OS", "linux")
        && (is("TARGET_ARCH", "x86_64") || is("TARGET_ARCH", "aarch64"))
        && env::var_os("CARGO_CFG_BACKDOOR_UNSUPPORTED_OS").is_none();
    let parts = [
        ("supported_os", is_supported),
        ("serves", has("CONSOLE") && is_supported),
        ("runtime_views", has("RUNTIME_VIEWS") && is_supported),
        ("resource_views", has("STATE_VIEWS") && is_supported),
        ("all_views", has("RUNTIME_VIEWS") && has("STATE_VIEWS") && has("LOG_VIEW") && is_supported),
    ];
    for (name, is_there) in parts {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if is_there {
            println!("cargo::rustc-cfg={name}");
        }
    }
}
