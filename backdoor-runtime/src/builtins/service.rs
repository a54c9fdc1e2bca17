//! `version` and `uptime`: the service, its process, and the time since its start.

use std::fmt::{self, Write};
use std::time::Duration;

use crate::{CommandOutput, Console, Page, State, Value, backdoor_command};

/// Show the service's name, version, process, host and build
///
/// Examples:
///   version
///   version --json
#[backdoor_command(builtin = "console", reads, on = console)]
fn version(State(console): State<Console>) -> Version {
    Version(console)
}

/// Show the time since the console started
///
/// Examples:
///   uptime
///   uptime --json
#[backdoor_command(builtin = "console", reads, on = console)]
fn uptime(State(console): State<Console>) -> Duration {
    console.service().uptime()
}

struct Version(Console);

impl Version {
    fn fields(&self) -> [(&'static str, Value); 8] {
        let service = self.0.service();
        let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
        let panic =
            if cfg!(panic = "abort") { "abort: a panic in a command ends the service" } else { "unwind" };
        [
            ("service", service.name.as_str().into()),
            ("version", service.version.clone().into()),
            ("pid", service.pid.into()),
            ("host", service.host.as_str().into()),
            ("build", profile.into()),
            ("target", format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS).into()),
            ("panic", panic.into()),
            ("backdoor", env!("CARGO_PKG_VERSION").into()),
        ]
    }
}

impl CommandOutput for Version {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        for (name, value) in self.fields() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if !value.is_null() {
                writeln!(page, "{name:<8}  {text}")?;
            }
        }
        Ok(())
    }

    fn value(&self) -> Value {
        Value::record(self.fields())
    }
}
