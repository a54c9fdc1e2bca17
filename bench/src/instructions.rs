//! Instructions of the server a line, counted by valgrind: a number that a busy machine changes little.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::client::Client;

/// What is counted is the difference, so that start and end of the server are not.
const FEW: usize = 500;
const MANY: usize = 5_500;

/// Whether there is a valgrind.
pub(crate) fn can_be_counted() -> bool {
    let found = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

/// Instructions for one of many lines, one at a time over TCP. A thread that waits in vain adds some, so the least of five runs is taken
/// of each number of lines.
pub(crate) fn a_line(program: &Path, line: &[u8]) -> anyhow::Result<f64> {
    let mut least = [f64::INFINITY; 2];
    for _ in 0..5 {
        for (least, lines) in least.iter_mut().zip([FEW, MANY]) {
            *least = least.min(total(program, line, lines)?);
        }
    }
    Ok((least[1] - least[0]) / (MANY - FEW) as f64)
}

fn total(program: &Path, line: &[u8], lines: usize) -> anyhow::Result<f64> {
    let mut server = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(program)
        .args(["serve", "console"])
        .env_remove("BACKDOOR_LISTEN")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("starting valgrind")?;
    let mut addresses = String::new();
    BufReader::new(server.stdout.take().context("its output is piped")?).read_line(&mut addresses)?;
    let Some((tcp, _)) = addresses.split_once(' ') else { bail!("the server did not start under valgrind") };
    let mut client = Client::to(tcp.parse()?)?;
    for _ in 0..lines {
        client.round_trip(line, None)?;
    }
    drop((client, server.stdin.take()));
    let mut said = String::new();
    server.stderr.take().context("its errors are piped")?.read_to_string(&mut said)?;
    server.wait()?;
    counted(&said).with_context(|| format!("valgrind has not counted: {said}"))
}

/// `==17380== I   refs:      7,066,689`.
fn counted(said: &str) -> Option<f64> {
    let line = said.lines().find(|line| line.contains("refs:") && line.contains(" I "))?;
    line.rsplit(' ').next()?.replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sum_of_valgrind_is_read() {
        let said = "==1== Command: it\n==1== \n==1== I   refs:      7,066,689\n";
        assert_eq!(counted(said), Some(7_066_689.0));
        assert_eq!(counted("==1== Command: it\n"), None);
    }
}
