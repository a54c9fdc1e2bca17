//! The service that a console belongs to: its name, its build and the console's addresses.

pub(crate) mod address;
pub(crate) mod addresses;
pub(crate) mod build;

use std::time::{Duration, Instant};

use crate::reply::text;

pub use address::{Address, AddressError, Listen};
pub(crate) use addresses::Addresses;
pub use build::BuildInfo;

/// The service that the console serves.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Service {
    /// The name given to [`Backdoor::builder`](crate::Backdoor::builder).
    pub name: String,
    /// The version given to the builder.
    pub version: Option<String>,
    /// The process.
    pub pid: u32,
    /// The machine's host name.
    pub host: String,
    /// How it was built.
    pub build: BuildInfo,
    pub(crate) started: Instant,
}

impl Service {
    #[cfg(feature = "console")]
    pub(crate) fn new(name: String, version: Option<String>) -> Self {
        Self {
            name,
            version,
            pid: std::process::id(),
            host: host(),
            build: BuildInfo::default(),
            started: Instant::now(),
        }
    }

    /// The banner: the first lines that an operator reads.
    pub(crate) fn banner(&self) -> String {
        let Self { name, pid, host, .. } = self;
        let version = self.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        let uptime = text::duration(&self.uptime());
        format!("{name}{version}, pid {pid} on {host}, up {uptime}\nType `help` for help, `quit` to leave.\n")
    }

    /// How long the console has been up, in whole seconds.
    pub fn uptime(&self) -> Duration {
        Duration::from_secs(self.started.elapsed().as_secs())
    }
}

/// The host name that uname(2) gives, or that /proc has if a seccomp filter refuses the call.
fn host() -> String {
    if let Ok(name) = std::fs::read_to_string("/proc/sys/kernel/hostname") {
        return name.trim_end().to_owned();
    }
    #[cfg(serves)]
    return rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(serves))]
    String::new()
}
