//! Peers that attack the console: each kind has a thread that repeats the attack.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use backdoor_runtime::Address;
use socket2::SockRef;

/// One attack, over one or several connections.
type Attack = fn(&mut Random, SocketAddr) -> io::Result<()>;

const ATTACKS: [(&str, Attack); 9] = [
    ("random bytes", random_bytes),
    ("telnet storms", telnet_storm),
    ("half-closes", half_close),
    ("resets", reset),
    ("urgent data", urgent_data),
    ("slow readers", slow_reader),
    ("stuck commands", stuck_command),
    ("connection floods", connection_flood),
    ("half lines", half_line),
];

/// The longest time of a connection, so that all kinds get their turn.
const HELD: Duration = Duration::from_millis(700);

/// The pause between two attacks of a kind, so that the test loads the console and not the machine.
const PAUSE: Duration = Duration::from_millis(3);

pub(super) struct Attackers {
    ended: Arc<AtomicBool>,
    target: Arc<Mutex<SocketAddr>>,
    threads: Vec<JoinHandle<(&'static str, usize)>>,
}

impl Attackers {
    pub(super) fn start(console: &Address) -> Self {
        let (ended, target) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(tcp(console))));
        let attackers = ATTACKS.into_iter().enumerate().map(|(number, (name, attack))| {
            let (ended, target) = (ended.clone(), target.clone());
            thread::spawn(move || {
                let mut random = Random(0x9e37_79b9_7f4a_7c15 + number as u64);
                let mut times = 0;
                while !ended.load(Ordering::Relaxed) {
                    let target = *target.lock().unwrap_or_else(PoisonError::into_inner);
                    // The console is expected to disconnect it.
                    let _ = attack(&mut random, target);
                    times += 1;
                    sleep(PAUSE);
                }
                (name, times)
            })
        });
        let threads = attackers.collect();
        Self { ended, target, threads }
    }

    /// Attacks this console from now on.
    pub(super) fn attack(&self, console: &Address) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = tcp(console);
    }

    /// Ends the attacks, and reports what they did.
    pub(super) fn end(self) -> String {
        self.ended.store(true, Ordering::Relaxed);
        let done = self.threads.into_iter().map(|attacker| {
            let (name, times) = attacker.join().unwrap();
            assert!(times > 0, "no {name}");
            format!("{times} {name}")
        });
        done.collect::<Vec<_>>().join(", ")
    }
}

fn tcp(address: &Address) -> SocketAddr {
    let Address::Tcp(address) = address else { panic!("the shop listens on TCP") };
    *address
}

fn connect(target: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(target)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(HELD))?;
    stream.set_write_timeout(Some(HELD))?;
    Ok(stream)
}

fn random_bytes(random: &mut Random, target: SocketAddr) -> io::Result<()> {
    let mut stream = connect(target)?;
    for _ in 0..random.below(8) {
        let bytes: Vec<u8> = (0..random.below(2_000)).map(|_| random.below(256) as u8).collect();
        stream.write_all(&bytes)?;
    }
    stream.read(&mut [0; 512]).map(drop)
}

/// Negotiation of every option, unfinished subnegotiations, endless requests, and Ctrl-C.
fn telnet_storm(random: &mut Random, target: SocketAddr) -> io::Result<()> {
    let mut stream = connect(target)?;
    let mut bytes = Vec::new();
    for _ in 0..random.below(2_000) {
        match random.below(8) {
            0 => bytes.extend([255, 250, random.below(256) as u8, random.below(256) as u8]),
            1 => bytes.extend([255, 240]),
            2 => bytes.extend([255, 241 + random.below(10) as u8]),
            3 => bytes.extend(b"status\r\n"),
            _ => bytes.extend([255, 251 + random.below(4) as u8, random.below(256) as u8]),
        }
    }
    stream.write_all(&bytes)?;
    stream.read(&mut [0; 4096]).map(drop)
}

fn half_close(random: &mut Random, target: SocketAddr) -> io::Result<()> {
    let mut stream = connect(target)?;
    let lines = ["", "status\n", "price list\nworkers\n", "orders watch\n", "cache sta"];
    stream.write_all(lines[random.below(lines.len())].as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut buffer = [0; 4096];
    // Otherwise a watcher would continue until this closes the other half, and it would be the only one of its kind.
    let until = Instant::now() + HELD;
    while Instant::now() < until && stream.read(&mut buffer)? > 0 {}
    Ok(())
}

fn reset(random: &mut Random, target: SocketAddr) -> io::Result<()> {
    let mut stream = connect(target)?;
    let lines = ["orders watch\n", "drill text 1MiB\n", "stock count\n", "status\n"];
    stream.write_all(lines[random.below(lines.len())].as_bytes())?;
    stream.read(&mut [0; 16]).map(drop)?;
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))
}

/// Ctrl-C of a telnet client: IAC IP, and a data mark as urgent data; but anywhere, and often.
fn urgent_data(random: &mut Random, target: SocketAddr) -> io::Result<()> {
    let mut stream = connect(target)?;
    stream.write_all(b"orders watch\r\n")?;
    for _ in 0..random.below(20) {
        stream.write_all(&[255, 244, 255])?;
        SockRef::from(&stream).send_out_of_band(&[242])?;
        stream.write_all(b"uptime\r\n")?;
    }
    stream.read(&mut [0; 4096]).map(drop)
}

fn slow_reader(random: &mut Random, target: SocketAddr) -> io::Result<()> {
    let mut stream = connect(target)?;
    stream.write_all(b"drill text 64MiB\n")?;
    for _ in 0..random.below(10) {
        stream.read(&mut [0; 7]).map(drop)?;
        sleep(HELD / 10);
    }
    Ok(())
}

/// Ignores Ctrl-C and the end of its session.
fn stuck_command(random: &mut Random, target: SocketAddr) -> io::Result<()> {
    let mut stream = connect(target)?;
    stream.write_all(format!("drill block {}ms\n", random.below(1_500)).as_bytes())?;
    if random.below(2) == 0 {
        stream.write_all(&[255, 244])?;
    }
    stream.read(&mut [0; 64]).map(drop)
}

fn connection_flood(random: &mut Random, target: SocketAddr) -> io::Result<()> {
    let streams: Vec<TcpStream> = (0..random.below(200)).filter_map(|_| connect(target).ok()).collect();
    sleep(Duration::from_millis(random.below(100) as u64));
    drop(streams);
    // A continuous flood would only show that a full console is full.
    sleep(HELD);
    Ok(())
}

fn half_line(random: &mut Random, target: SocketAddr) -> io::Result<()> {
    let mut streams = Vec::new();
    for _ in 0..random.below(8) {
        let mut stream = connect(target)?;
        stream.write_all(&vec![b'a'; random.below(20_000)])?;
        streams.push(stream);
    }
    sleep(HELD);
    Ok(())
}

/// xorshift64 (Marsaglia 2003): the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }
}
