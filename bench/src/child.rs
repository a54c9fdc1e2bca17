//! The servers that are measured, as child processes of the driver.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{self, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, bail};

/// A server. It ends when this is dropped.
pub(crate) struct Child {
    process: process::Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    tcp: SocketAddr,
    unix: PathBuf,
}

/// Which program a server is.
#[derive(Clone, Copy)]
pub(crate) enum Program<'a> {
    /// This one.
    Plain,
    /// This one with a counting allocator.
    Counting,
    /// Another one that calls [`serve`](crate::serve::serve).
    At(&'a Path),
}

impl Child {
    pub(crate) fn start(program: Program<'_>, kind: &str) -> anyhow::Result<Self> {
        let own = env::current_exe().context("finding this program")?;
        let path = match program {
            Program::Plain => own,
            Program::Counting => own.with_file_name("bench-heap"),
            Program::At(path) => path.to_owned(),
        };
        let mut process = Command::new(&path)
            .args(["serve", kind])
            .env_remove("BACKDOOR_LISTEN")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", path.display()))?;
        let input = process.stdin.take();
        let output = process.stdout.take().context("its output is piped")?;
        let mut output = BufReader::new(output);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let Some((tcp, unix)) = line.trim_end_matches('\n').split_once(' ') else {
            bail!("the server `{kind}` did not start");
        };
        let (tcp, unix) = (tcp.parse()?, unix.into());
        Ok(Self { process, input, output, tcp, unix })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn tcp(&self) -> SocketAddr {
        self.tcp
    }

    pub(crate) fn unix(&self) -> &Path {
        &self.unix
    }

    /// Asks the server for numbers, beside its sockets.
    pub(crate) fn ask(&mut self, question: &str) -> anyhow::Result<Vec<f64>> {
        let input = self.input.as_mut().context("its input is piped")?;
        writeln!(input, "{question}")?;
        let mut answer = String::new();
        self.output.read_line(&mut answer)?;
        answer.split_whitespace().map(|number| Ok(number.parse()?)).collect()
    }

    /// Stops the process, or lets it go on.
    pub(crate) fn hold(&self, hold: bool) -> anyhow::Result<()> {
        let signal = if hold { rustix::process::Signal::STOP } else { rustix::process::Signal::CONT };
        let id = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(id, signal).context("signalling the server")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // The end of its input is its end; one that hangs is killed.
        drop(self.input.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(&self.unix);
    }
}
