//! A client that sends and reads raw bytes. Its waits have a deadline that a healthy run never reaches.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use backdoor_runtime::Address;

use crate::wait::{PATIENCE, Waited};

/// After this long without a byte, a test assumes that none follows.
const QUIET: Duration = Duration::from_millis(300);

/// A connected client, and the bytes that it has read.
pub(crate) struct Client {
    stream: Box<dyn Stream>,
    pub(crate) seen: Vec<u8>,
    /// Whether the one `DO BINARY` that every telnet client gets was removed from `seen`; a test that looks for it sets this first.
    pub(crate) binary_asked: bool,
}

const DO_BINARY: &[u8] = b"\xff\xfd\0";

/// The methods of a socket that the tests need.
pub(crate) trait Stream: Read + Write + Send {
    fn close_write(&self);
    fn again(&self) -> Box<dyn Stream>;
    fn prepare(&self);
}

/// How often a waiting client checks its deadline.
const TICK: Duration = Duration::from_millis(50);

impl Stream for TcpStream {
    fn again(&self) -> Box<dyn Stream> {
        Box::new(self.try_clone().unwrap())
    }

    fn close_write(&self) {
        self.shutdown(Shutdown::Write).unwrap();
    }

    fn prepare(&self) {
        self.set_nodelay(true).unwrap();
        self.set_read_timeout(Some(TICK)).unwrap();
    }
}

impl Stream for UnixStream {
    fn again(&self) -> Box<dyn Stream> {
        Box::new(self.try_clone().unwrap())
    }

    fn close_write(&self) {
        self.shutdown(Shutdown::Write).unwrap();
    }

    fn prepare(&self) {
        self.set_read_timeout(Some(TICK)).unwrap();
    }
}

impl Client {
    pub(crate) fn connect(address: &Address) -> Self {
        match address {
            Address::Tcp(address) => Self::over(TcpStream::connect(address).unwrap()),
            Address::Unix(path) => Self::over(UnixStream::connect(path).unwrap()),
        }
    }

    /// A client on an existing connection.
    pub(crate) fn over(stream: impl Stream + 'static) -> Self {
        stream.prepare();
        Self { stream: Box::new(stream), seen: Vec::new(), binary_asked: false }
    }

    /// Connects and stays silent until the first prompt, as a person does. The bytes so far are removed from `seen`.
    #[track_caller]
    pub(crate) fn prompted(address: &Address) -> Self {
        let mut client = Self::connect(address);
        client.expect("> ");
        client
    }

    /// Enters a line, and returns its answer without the next prompt.
    #[track_caller]
    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n"));
        self.answer()
    }

    /// Waits for the next prompt, and returns the text before it.
    #[track_caller]
    pub(crate) fn answer(&mut self) -> String {
        let answer = self.expect("test> ");
        answer[..answer.len() - "test> ".len()].to_owned()
    }

    /// Checks that nothing more arrives. On a slow machine this can miss a failure, but never fails without one.
    #[track_caller]
    pub(crate) fn expect_nothing(&mut self) {
        let seen = self.read_for(QUIET);
        assert!(seen.is_empty(), "{} came", show(&seen));
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// As [`send`](Self::send), but the peer may have disconnected.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// A second handle of the same connection, for another thread.
    pub(crate) fn again(&self) -> Self {
        Self { stream: self.stream.again(), seen: Vec::new(), binary_asked: self.binary_asked }
    }

    pub(crate) fn close_write(&self) {
        self.stream.close_write();
    }

    /// Reads this many bytes.
    #[track_caller]
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        let what = format!("{count} bytes");
        let waited = Waited::begin(&what);
        while self.seen.len() < count {
            assert!(self.read_some(), "it ended before {what} had come, with {}", show(&self.seen));
            waited.goes_on(&Shown(&self.seen));
        }
        self.seen.drain(..count).collect()
    }

    /// Reads until `wanted` arrives, and returns everything up to its end.
    #[track_caller]
    pub(crate) fn expect(&mut self, wanted: impl AsRef<[u8]>) -> String {
        let wanted = wanted.as_ref();
        let what = show(wanted);
        let waited = Waited::begin(&what);
        loop {
            if let Some(at) = self.seen.windows(wanted.len()).position(|window| window == wanted) {
                let rest = self.seen.split_off(at + wanted.len());
                let found = std::mem::replace(&mut self.seen, rest);
                return String::from_utf8_lossy(&found).into_owned();
            }
            assert!(self.read_some(), "it ended before {what} had come, with {}", show(&self.seen));
            waited.goes_on(&Shown(&self.seen));
        }
    }

    /// Reads until the peer closes, and returns everything. A long answer may take long, but not without progress.
    #[track_caller]
    pub(crate) fn read_to_end(&mut self) -> Vec<u8> {
        let last = Instant::now() + 5 * PATIENCE;
        let (mut until, mut before) = (Instant::now() + PATIENCE, self.seen.len());
        while self.read_some() {
            if self.seen.len() > before {
                (until, before) = (last.min(Instant::now() + PATIENCE), self.seen.len());
            }
            assert!(Instant::now() < until, "it never ended; it said {}", show(&self.seen));
        }
        std::mem::take(&mut self.seen)
    }

    /// The same as text, for scripts.
    #[track_caller]
    pub(crate) fn read_to_string(&mut self) -> String {
        String::from_utf8(self.read_to_end()).unwrap()
    }

    /// Reads for this long. Only for a check that nothing arrives, or to let time pass.
    pub(crate) fn read_for(&mut self, time: Duration) -> Vec<u8> {
        let until = Instant::now() + time;
        while Instant::now() < until && self.read_some() {}
        std::mem::take(&mut self.seen)
    }

    /// Whether the peer is still connected.
    fn read_some(&mut self) -> bool {
        let mut buffer = [0; 64 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(count) => {
                let from = self.seen.len().saturating_sub(DO_BINARY.len() - 1);
                self.seen.extend(&buffer[..count]);
                let at = self.seen[from..].windows(DO_BINARY.len()).position(|window| window == DO_BINARY);
                if let Some(at) = at.filter(|_| !self.binary_asked) {
                    self.seen.drain(from + at..from + at + DO_BINARY.len());
                    self.binary_asked = true;
                }
                true
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => true,
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            Err(_) => false,
        }
    }
}

/// Received bytes in the message of a wait.
struct Shown<'a>(&'a [u8]);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show(self.0))
    }
}

/// Received bytes for a message: only the end if there are many.
pub(crate) fn show(bytes: &[u8]) -> String {
    let start = bytes.len().saturating_sub(1000);
    let text = String::from_utf8_lossy(&bytes[start..]);
    if start > 0 { format!("({start} bytes and) {text:?}") } else { format!("{text:?}") }
}

/// Sends a script, closes the sending half, and returns the whole answer.
#[track_caller]
pub(crate) fn script(address: &Address, text: impl AsRef<[u8]>) -> String {
    let mut client = Client::connect(address);
    client.send(text);
    client.close_write();
    client.read_to_string()
}
