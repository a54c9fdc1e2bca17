//! The driver's end of a connection.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::child::Child;

/// How to reach a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp,
    Unix,
}

impl Transport {
    pub(crate) const ALL: [Self; 2] = [Self::Tcp, Self::Unix];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Unix => "unix",
        }
    }
}

trait Stream: Read + Write + Send {
    fn try_clone(&self) -> io::Result<Box<dyn Stream>>;
}

impl Stream for TcpStream {
    fn try_clone(&self) -> io::Result<Box<dyn Stream>> {
        Ok(Box::new(self.try_clone()?))
    }
}

impl Stream for UnixStream {
    fn try_clone(&self) -> io::Result<Box<dyn Stream>> {
        Ok(Box::new(self.try_clone()?))
    }
}

/// A blocking connection that sends lines and reads what comes back.
pub(crate) struct Client {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
}

/// Nothing that is measured takes as long; a server that is silent is a failure, not a slow one.
const PATIENCE: Duration = Duration::from_secs(20);

impl Client {
    pub(crate) fn connect(child: &Child, transport: Transport) -> anyhow::Result<Self> {
        match transport {
            Transport::Tcp => Self::to(child.tcp()),
            Transport::Unix => {
                let stream = UnixStream::connect(child.unix()).context("connecting")?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Ok(Self::over(stream))
            }
        }
    }

    pub(crate) fn to(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).context("connecting")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self::over(stream))
    }

    fn over(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), buffer: vec![0; 256 * 1024] }
    }

    /// Another end of the same connection, for a thread that writes.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { stream: self.stream.try_clone()?, buffer: Vec::new() })
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// What has come, at least one byte.
    pub(crate) fn receive(&mut self) -> anyhow::Result<&[u8]> {
        loop {
            match self.stream.read(&mut self.buffer) {
                Ok(0) => bail!("the server closed the connection"),
                Ok(count) => return Ok(&self.buffer[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("waiting for an answer"),
            }
        }
    }

    /// Sends a line, and gives the one that comes back.
    pub(crate) fn ask(&mut self, line: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.send(line)?;
        let mut come = Vec::new();
        while come.last() != Some(&b'\n') {
            come.extend_from_slice(self.receive()?);
        }
        Ok(come)
    }

    /// Sends a line, and reads the one that comes back.
    pub(crate) fn round_trip(&mut self, line: &[u8], answer: Option<&[u8]>) -> anyhow::Result<()> {
        let come = self.ask(line)?;
        if let Some(answer) = answer {
            ensure!(come == answer, "answered {:?}", String::from_utf8_lossy(&come));
        }
        Ok(())
    }

    /// Reads until this text has come, and gives how many bytes came in all.
    pub(crate) fn read_to(&mut self, end: &[u8]) -> anyhow::Result<usize> {
        let mut tail: Vec<u8> = Vec::new();
        let mut total = 0;
        loop {
            let come = self.receive()?;
            total += come.len();
            tail.extend_from_slice(&come[come.len().saturating_sub(end.len())..]);
            tail.drain(..tail.len().saturating_sub(end.len()));
            if tail == end {
                return Ok(total);
            }
        }
    }
}
