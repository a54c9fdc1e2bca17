//! A terminal with a real client in it, as an operator uses it: keys in, screen out.
//!
//! `setsid` of util-linux makes the terminal the client's controlling one, so that Ctrl-C and a change of the window's size are signals to
//! it, and no `unsafe` is needed here.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::client::show;
use crate::wait::PATIENCE;

/// A terminal with a running client, which is killed on drop.
pub(crate) struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    /// Output that was not searched yet.
    seen: Vec<u8>,
    client: Child,
}

/// Panics if a client is not installed.
#[track_caller]
pub(crate) fn require(program: &str, package: &str) {
    assert!(is_there(program), "`{program}` is missing; on Debian: apt-get install {package}");
}

/// Whether a program is installed.
pub(crate) fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

impl Terminal {
    /// Starts a client in a terminal of 80 columns and 24 rows.
    #[track_caller]
    pub(crate) fn start(program: &str, package: &str, arguments: &[&str]) -> Self {
        require("setsid", "util-linux");
        require(program, package);
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = OpenOptions::new().read(true).write(true).open(name).unwrap();
        let keyboard = File::from(master);
        let mut reader = keyboard.try_clone().unwrap();
        let (shown, screen) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                match reader.read(&mut buffer) {
                    Ok(count) if count > 0 && shown.send(buffer[..count].to_vec()).is_ok() => {}
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    // Linux returns EIO after the last client has closed the terminal.
                    _ => return,
                }
            }
        });
        let client = Command::new("setsid")
            .args(["--ctty", program])
            .args(arguments)
            .env("TERM", "xterm")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::from(slave.try_clone().unwrap()))
            .stdout(Stdio::from(slave.try_clone().unwrap()))
            .stderr(Stdio::from(slave))
            .spawn()
            .unwrap();
        let terminal = Self { keyboard, screen, seen: Vec::new(), client };
        terminal.resize(80, 24);
        terminal
    }

    /// Changes the size of the window; a signal tells the client.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.keyboard, size).unwrap();
    }

    /// Presses keys. Enter is `\r`, and Ctrl-C `\x03`.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until `wanted` is shown, and returns the output up to its end.
    #[track_caller]
    pub(crate) fn expect(&mut self, wanted: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let at = self.seen.windows(wanted.len()).position(|window| window == wanted.as_bytes());
            if let Some(at) = at {
                let rest = self.seen.split_off(at + wanted.len());
                return String::from_utf8_lossy(&std::mem::replace(&mut self.seen, rest)).into_owned();
            }
            match self.screen.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(shown) => self.seen.extend(shown),
                Err(_) => panic!("{wanted:?} was not shown, only {}", show(&self.seen)),
            }
        }
    }

    /// Waits for the client's end, and returns the output until then.
    #[track_caller]
    pub(crate) fn expect_end(mut self) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.screen.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(shown) => self.seen.extend(shown),
                Err(RecvTimeoutError::Disconnected) => {
                    return String::from_utf8_lossy(&std::mem::take(&mut self.seen)).into_owned();
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("it did not end; it showed {}", show(&self.seen));
                }
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.client.kill();
        let _ = self.client.wait();
    }
}
