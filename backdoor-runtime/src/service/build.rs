//! How the program was built.

use std::fmt::{self, Write};

use crate::reply::record;
use crate::{CommandOutput, Page, Value};

record! {
    /// How the program was built. The fields about the author's crate are set only if [`build_info!()`](crate::build_info) was given to the
    /// builder.
    pub struct BuildInfo {
        /// The author's package.
        pub package: Option<&'static str>,
        /// Its version.
        pub version: Option<&'static str>,
        /// The commit that was checked out when it was compiled; there may have been uncommitted changes.
        pub commit: Option<&'static str>,
        /// Its features that are on.
        pub features: Vec<&'static str>,
        /// Its features that are off.
        pub features_off: Vec<&'static str>,
        /// The compiler, as `rustc --version` prints it.
        pub rustc: &'static str,
        /// `debug` or `release`, as cargo built this crate.
        pub profile: &'static str,
        /// The level of optimisation, as cargo built this crate.
        pub opt_level: &'static str,
        /// Whether overflows and `debug_assert!` are checked.
        pub debug_assertions: bool,
        /// The target: `x86_64-unknown-linux-gnu`.
        pub target: &'static str,
        /// What a panic does: `unwind` or `abort`.
        pub panic: &'static str,
    }
}

impl Default for BuildInfo {
    /// The part that this crate knows by itself.
    fn default() -> Self {
        Self {
            package: None,
            version: None,
            commit: None,
            features: Vec::new(),
            features_off: Vec::new(),
            rustc: env!("BACKDOOR_RUSTC"),
            profile: env!("BACKDOOR_PROFILE"),
            opt_level: env!("BACKDOOR_OPT_LEVEL"),
            debug_assertions: cfg!(debug_assertions),
            target: env!("BACKDOOR_TARGET"),
            panic: if cfg!(panic = "abort") { "abort" } else { "unwind" },
        }
    }
}

/// The expansion of `build_info!()`.
pub fn build_info(
    package: &'static str,
    version: &'static str,
    commit: Option<&'static str>,
    features: &[(&'static str, bool)],
) -> BuildInfo {
    let of = |wanted| features.iter().filter(|(_, on)| *on == wanted).map(|(name, _)| *name).collect();
    BuildInfo {
        package: Some(package),
        version: Some(version),
        commit,
        features: of(true),
        features_off: of(false),
        ..BuildInfo::default()
    }
}

impl CommandOutput for BuildInfo {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let mut line = |name: &str, text: &str| writeln!(page, "{name:<12}  {text}");
        match (self.package, self.version) {
            (Some(package), Some(version)) => {
                line("package", package)?;
                line("version", version)?;
                line("commit", self.commit.unwrap_or("not known: it was not compiled in a git repository"))?;
                let words =
                    |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                line("features on", &words(&self.features))?;
                line("features off", &words(&self.features_off))?;
            }
            _ => line("package", "not known: give `build_info!()` to the builder")?,
        }
        line("rustc", self.rustc.trim_start_matches("rustc "))?;
        let assertions = if self.debug_assertions { ", debug assertions on" } else { "" };
        line("profile", &format!("{}, opt-level {}{assertions}", self.profile, self.opt_level))?;
        line("target", self.target)?;
        line("panic", self.panic)
    }

    fn value(&self) -> Value {
        Value::of(self)
    }
}
