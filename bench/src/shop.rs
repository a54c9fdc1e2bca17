//! The shop as a process of its own, and customers that another process sends.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail, ensure};

use crate::machine;

/// A shop that serves. It ends when this is dropped.
pub(crate) struct Shop {
    process: Child,
    pub(crate) http: SocketAddr,
    pub(crate) console: SocketAddr,
}

/// How well the customers were served.
#[derive(Clone, Copy)]
pub(crate) struct Served {
    /// Requests a second.
    pub(crate) throughput: f64,
    /// In microseconds.
    pub(crate) p99: f64,
    /// Microseconds of the shop's processor time for each request.
    pub(crate) cpu: f64,
}

impl Shop {
    /// Starts `bench-shop`, or another that prints its addresses, such as `bench-shop-bare`.
    pub(crate) fn start(program: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut process = Command::new(program)
            .args(arguments)
            .env_remove("BACKDOOR_LISTEN")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("its output is piped")?).read_line(&mut line)?;
        let Some((http, console)) = line.trim_end().split_once(' ') else {
            bail!("{} did not start", program.display());
        };
        let (http, console) = (http.parse()?, console.parse()?);
        Ok(Self { process, http, console })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends customers for so many seconds.
    pub(crate) fn serve(&self, seconds: u32) -> anyhow::Result<Served> {
        let before = machine::seconds_of(self.id())?;
        let load = Command::new(sibling("examples/shop-load")?)
            .args(["--json", "--seconds", &seconds.to_string(), "--url", &format!("http://{}", self.http)])
            .output()
            .context("starting shop-load")?;
        let seconds = machine::seconds_of(self.id())? - before;
        // What a customer was not served is in the numbers: a shop that stands still is a result, too.
        let outcome: serde_json::Value = serde_json::from_slice(&load.stdout)
            .with_context(|| String::from_utf8_lossy(&load.stderr).into_owned())?;
        let number = |name: &str| outcome[name].as_f64().with_context(|| format!("{name} in {outcome}"));
        ensure!(number("errors")? == 0.0, "customers met errors: {outcome}");
        let cpu = seconds * 1e6 / number("requests")?;
        Ok(Served { throughput: number("per_second")?, p99: number("p99_us")?, cpu })
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A program that was built together with this one.
pub(crate) fn sibling(name: &str) -> anyhow::Result<PathBuf> {
    Ok(env::current_exe().context("finding this program")?.with_file_name(name))
}
