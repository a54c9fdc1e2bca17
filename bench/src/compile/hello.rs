//! What the smallest service pays for the console: processor time of a first build, and bytes, beyond a bare tokio service.

use std::fs;
use std::path::PathBuf;

use crate::compile::stripped;
use crate::generate::{self, Package};
use crate::machine;
use crate::table::{Aim, Row, Table};

/// What the crate is taken with: a name, the feature that must be there for it, what the manifest says, and how many seconds of a debug
/// build and megabytes there may be beyond a bare service.
struct Features {
    name: &'static str,
    needs: Option<&'static str>,
    manifest: &'static str,
    seconds: Aim,
    megabytes: Aim,
}

const FEATURES: [Features; 3] = [
    Features {
        name: "no features",
        needs: Some("console"),
        manifest: ", default-features = false",
        seconds: Aim::AtMost(8.0),
        megabytes: Aim::None,
    },
    Features {
        name: "`console` alone",
        needs: Some("console"),
        manifest: ", default-features = false, features = [\"console\"]",
        seconds: Aim::AtMost(20.0),
        megabytes: Aim::AtMost(1.0),
    },
    Features {
        name: "all features",
        needs: None,
        manifest: "",
        seconds: Aim::AtMost(35.0),
        megabytes: Aim::AtMost(2.4),
    },
];

/// What a service without a console has.
const BARE: &str = "fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind(\"127.0.0.1:0\"))?;
    println!(\"{}\", listener.local_addr()?);
    runtime.block_on(async {
        loop {
            drop(listener.accept().await);
        }
    })
}
";

const TOKIO: &str =
    "tokio = { version = \"1\", default-features = false, features = [\"net\", \"rt\", \"time\"] }";

/// Seconds of a cold debug build, and megabytes of a stripped release build.
struct Built {
    debug: f64,
    release: f64,
    megabytes: f64,
}

pub(super) fn run(table: &mut Table) -> anyhow::Result<()> {
    let bare = build("bare", TOKIO, BARE)?;
    let hello = fs::read_to_string(generate::workspace().join("examples/hello.rs"))?;
    let folder = generate::workspace().join("backdoor-runtime");
    let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
    for features in FEATURES {
        if let Some(needed) = features.needs.filter(|needed| !has_feature(&manifest, needed)) {
            eprintln!("   hello, {}: not measured, there is no feature `{needed}`", features.name);
            continue;
        }
        let ours = format!("backdoor-runtime = {{ path = {folder:?}{} }}", features.manifest);
        let built = build("hello", &format!("{TOKIO}\n{ours}"), &hello)?;
        let row = |what: &str, ours, unit, bare| {
            let row = Row::new(
                format!("hello, {}: {what}, beyond a bare tokio service", features.name),
                ours,
                unit,
            );
            Row { baseline: Some(("the bare service", bare)), ..row }
        };
        let row_debug = row("cold debug build", built.debug - bare.debug, "s of CPU", bare.debug);
        table.push(row_debug.aim(features.seconds));
        table.push(row("cold release build", built.release - bare.release, "s of CPU", bare.release));
        let megabytes = built.megabytes - bare.megabytes;
        table.push(row("stripped release binary", megabytes, "MB", bare.megabytes).aim(features.megabytes));
    }
    Ok(())
}

/// Builds it with all that it depends on, which nothing of another build helps.
fn build(name: &str, dependencies: &str, main: &str) -> anyhow::Result<Built> {
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n\n[workspace]\n"
    );
    let package =
        Package::write(&format!("cold-{name}"), &[("Cargo.toml", &manifest), ("src/main.rs", main)])?;
    let target: PathBuf = package.folder.join("target");
    let timed = |arguments: &[&str]| -> anyhow::Result<f64> {
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        let before = machine::seconds_of_children()?;
        package.cargo_into(&target, arguments)?;
        Ok(machine::seconds_of_children()? - before)
    };
    let debug = timed(&["build"])?;
    let release = timed(&["build", "--release"])?;
    let megabytes = stripped(&target.join("release").join(name))? as f64 / 1e6;
    fs::remove_dir_all(&target)?;
    Ok(Built { debug, release, megabytes })
}

/// Whether a manifest declares the feature.
fn has_feature(manifest: &str, name: &str) -> bool {
    let section = manifest.lines().skip_while(|line| *line != "[features]").skip(1);
    let mut lines = section.take_while(|line| !line.starts_with('['));
    lines.any(|line| line.split('=').next().is_some_and(|key| key.trim() == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_read_from_their_section() {
        let manifest = "[package]\nconsole = 1\n[features]\n# What\ndefault = [\"console\"]\nconsole = []\n\n[dependencies]\ntokio = \"1\"\n";
        assert!(has_feature(manifest, "console") && has_feature(manifest, "default"));
        assert!(!has_feature(manifest, "tokio") && !has_feature("[package]\nconsole = 1\n", "console"));
    }
}
