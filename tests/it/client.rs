//! A peer made of raw bytes. Its waits have a deadline that no healthy run comes near.

use std::fmt::Debug;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use backdoor_runtime::Address;

/// How long a client waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A connected peer, and what it has read so far.
pub struct Client {
    stream: Box<dyn Stream>,
    pub seen: Vec<u8>,
}

/// What the tests need of a socket.
pub trait Stream: Read + Write + Send {
    fn close_write(&self);
    fn set_timeout(&self, limit: Duration);
}

impl Stream for TcpStream {
    fn close_write(&self) {
        self.shutdown(Shutdown::Write).unwrap();
    }

    fn set_timeout(&self, limit: Duration) {
        self.set_read_timeout(Some(limit)).unwrap();
    }
}

impl Stream for UnixStream {
    fn close_write(&self) {
        self.shutdown(Shutdown::Write).unwrap();
    }

    fn set_timeout(&self, limit: Duration) {
        self.set_read_timeout(Some(limit)).unwrap();
    }
}

impl Client {
    pub fn connect(address: &Address) -> Self {
        let stream: Box<dyn Stream> = match address {
            Address::Tcp(address) => {
                let stream = TcpStream::connect(address).unwrap();
                stream.set_nodelay(true).unwrap();
                Box::new(stream)
            }
            Address::Unix(path) => Box::new(UnixStream::connect(path).unwrap()),
        };
        stream.set_timeout(Duration::from_millis(50));
        Self { stream, seen: Vec::new() }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    pub fn close_write(&self) {
        self.stream.close_write();
    }

    /// Reads until `wanted` has come, and gives what came up to its end.
    #[track_caller]
    pub fn expect(&mut self, wanted: impl AsRef<[u8]>) -> String {
        let wanted = wanted.as_ref();
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.windows(wanted.len()).position(|window| window == wanted) {
                let rest = self.seen.split_off(at + wanted.len());
                let found = std::mem::replace(&mut self.seen, rest);
                return String::from_utf8_lossy(&found).into_owned();
            }
            if !self.read_some() || Instant::now() > until {
                panic!("{:?} did not come, only {:?}", show(wanted), show(&self.seen));
            }
        }
    }

    /// Reads until the other end closes, and gives everything that came.
    #[track_caller]
    pub fn read_to_end(&mut self) -> Vec<u8> {
        let until = Instant::now() + PATIENCE;
        while self.read_some() {
            assert!(Instant::now() < until, "it never ended; it said {:?}", show(&self.seen));
        }
        std::mem::take(&mut self.seen)
    }

    /// The same as text, for scripts.
    #[track_caller]
    pub fn read_to_string(&mut self) -> String {
        String::from_utf8(self.read_to_end()).unwrap()
    }

    /// Reads what comes within this time. Only to show that nothing comes, or to let something pass.
    pub fn read_for(&mut self, time: Duration) -> Vec<u8> {
        let until = Instant::now() + time;
        while Instant::now() < until && self.read_some() {}
        std::mem::take(&mut self.seen)
    }

    /// Whether the other end is still open.
    fn read_some(&mut self) -> bool {
        let mut buffer = [0; 64 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(count) => {
                self.seen.extend(&buffer[..count]);
                true
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => true,
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            Err(_) => false,
        }
    }
}

fn show(bytes: &[u8]) -> impl Debug {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Sends a script, closes the sending half, and gives all that comes back.
#[track_caller]
pub fn script(address: &Address, text: impl AsRef<[u8]>) -> String {
    let mut client = Client::connect(address);
    client.send(text);
    client.close_write();
    client.read_to_string()
}
