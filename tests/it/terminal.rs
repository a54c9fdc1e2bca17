//! A real client in a real terminal: a pseudo-terminal whose other end the test types at and reads from.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::client::PATIENCE;

/// A program in a terminal.
pub struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    child: Child,
    /// What came and was not looked at.
    seen: String,
    /// Everything that came.
    pub transcript: String,
}

impl Terminal {
    /// Starts a program in a terminal of this size, which is its controlling terminal, so that Ctrl-C is a signal.
    #[track_caller]
    pub fn start(package: &str, program: &str, arguments: &[&str], columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let path = std::ffi::OsStr::from_bytes(name.as_bytes());
        let slave = OpenOptions::new().read(true).write(true).open(path).unwrap();
        let keyboard = File::from(master);
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&keyboard, size).unwrap();
        let child = Command::new("setsid")
            .args(["--ctty", "--wait", program])
            .args(arguments)
            .env("TERM", "xterm")
            .stdin(Stdio::from(slave.try_clone().unwrap()))
            .stdout(Stdio::from(slave.try_clone().unwrap()))
            .stderr(Stdio::from(slave))
            .spawn()
            .unwrap_or_else(|error| panic!("`setsid` of Debian's util-linux is needed: {error}"));
        let mut output = keyboard.try_clone().unwrap();
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // EIO says that the last process has left the terminal.
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut terminal = Self { keyboard, screen, child, seen: String::new(), transcript: String::new() };
        if Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_err()
        {
            panic!("`{program}` of Debian's package {package} is needed, and is not there");
        }
        terminal.transcript.clear();
        terminal
    }

    /// Changes the size of the window.
    pub fn resize(&self, columns: u16) {
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.keyboard, size).unwrap();
    }

    pub fn send(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until `wanted` has come, and gives what came up to its end.
    #[track_caller]
    pub fn expect(&mut self, wanted: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.find(wanted) {
                let rest = self.seen.split_off(at + wanted.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            if !self.read_until(until) {
                panic!("{wanted:?} did not come, only {:?}; before that: {:?}", self.seen, self.transcript);
            }
        }
    }

    /// Waits until the program has ended, and gives what came meanwhile.
    #[track_caller]
    pub fn wait(&mut self) -> (String, ExitStatus) {
        let until = Instant::now() + PATIENCE;
        while self.read_until(until) {}
        assert!(Instant::now() < until, "it did not end; it said {:?}", self.transcript);
        (std::mem::take(&mut self.seen), self.child.wait().unwrap())
    }

    /// Takes what comes next; false at the end, or when the time is up.
    fn read_until(&mut self, until: Instant) -> bool {
        match self.screen.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n").replace('\r', "");
                self.seen.push_str(&text);
                self.transcript.push_str(&text);
                true
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
