//! Sockets that are bound, held by other processes, or blocked by other files.

use super::*;

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockAddr;

use crate::server::socket_file::{Identity, LOCK_PATIENCE};
use crate::service::address::Listen;

const ANSWERS: &str = "a process already listens there; stop it, or put `{pid}` in the path";

/// A directory that is removed with its contents on drop.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("backdoor-listener-{}-{name}", process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Dir(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn at(path: &Path) -> Endpoint {
    Listen::from(format!("unix:{}", path.display())).endpoint().unwrap()
}

fn tcp(text: &str) -> Result<Bound, BindError> {
    bind(&Listen::from(text).endpoint().unwrap())
}

#[track_caller]
fn check_error(path: &Path, reason: &str) {
    let before = fs::symlink_metadata(path).ok().map(|m| Identity::of(&m));
    let error = bind(&at(path)).unwrap_err().to_string();
    assert_eq!(error, format!("cannot listen on unix:{}: {reason}", path.display()));
    assert_eq!(fs::symlink_metadata(path).ok().map(|m| Identity::of(&m)), before, "it was touched");
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn port(bound: &Bound) -> u16 {
    match bound.address {
        Address::Tcp(address) => address.port(),
        Address::Unix(_) => panic!("{:?} is no port", bound.address),
    }
}

/// The flags of the descriptor: `O_NONBLOCK` is 0o4000, `O_CLOEXEC` 0o2000000.
fn flags(socket: &impl std::os::fd::AsRawFd) -> u32 {
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", socket.as_raw_fd())).unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
    u32::from_str_radix(flags.trim(), 8).unwrap() & 0o2_004_000
}

#[test]
fn a_port_listens() {
    let bound = tcp("plain:0").unwrap();
    let BoundSocket::Tcp(listener) = &bound.socket else { panic!("{bound:?}") };
    assert_eq!(flags(listener), 0o2_004_000);
    let mut client = TcpStream::connect(("127.0.0.1", port(&bound))).unwrap();
    client.write_all(b"x").unwrap();
    let (mut server, _) = listener.accept().unwrap();
    server.read_exact(&mut [0]).unwrap();
}

#[test]
fn an_ipv6_port_listens() {
    if TcpListener::bind("[::1]:0").is_ok() {
        assert!(tcp("[::1]:0").unwrap().address.to_string().starts_with("[::1]:"));
    }
}

#[test]
fn a_burst_of_connections_waits() {
    let bound = tcp("0").unwrap();
    let limit: usize = fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap().trim().parse().unwrap();
    let address = SockAddr::from(SocketAddr::from(([127, 0, 0, 1], port(&bound))));
    let clients: Vec<_> = (0..300.min(limit))
        .map(|_| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.connect_timeout(&address, Duration::from_millis(900)).unwrap();
            socket
        })
        .collect();
    assert_eq!(clients.len(), 300.min(limit));
}

#[test]
fn the_first_free_port_of_a_range_is_taken() {
    // Another process may take a port in between, so several pairs of neighbours are tried.
    let pair = (0..50).find_map(|_| {
        let first = tcp("0").unwrap();
        let port = port(&first);
        let found = tcp(&format!("{port}:{}", port.checked_add(1)?)).ok()?;
        Some((first, found))
    });
    let (first, found) = pair.unwrap();
    assert_eq!(port(&found), port(&first) + 1);
    let error = tcp(&format!("{}:{}", port(&first), port(&found))).unwrap_err();
    let expected = "every port of the range is taken; choose a wider one, or `0` for any free one";
    assert!(error.to_string().ends_with(expected), "{error}");
}

#[test]
fn a_taken_port_is_an_error_with_its_source() {
    let first = tcp("0").unwrap();
    let error = tcp(&port(&first).to_string()).unwrap_err();
    let reason = "the port is taken; choose another, a range such as `3000:3010`, or `0` for any free one";
    assert_eq!(error.to_string(), format!("cannot listen on {}: {reason}", first.address));
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    assert_eq!(source.map(io::Error::kind), Some(io::ErrorKind::AddrInUse));
}

#[test]
fn a_port_is_bound_again_while_its_last_connection_lingers() {
    let bound = tcp("0").unwrap();
    let port = port(&bound);
    let BoundSocket::Tcp(listener) = &bound.socket else { panic!("{bound:?}") };
    let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    // The side that closes first stays in TIME-WAIT.
    drop(listener.accept().unwrap());
    drop(client);
    drop(bound);
    tcp(&port.to_string()).unwrap();
}

#[test]
fn a_unix_socket_listens_and_removes_its_file() {
    let dir = Dir::new("life");
    let bound = bind(&at(&dir.file("{pid}.sock"))).unwrap();
    let path = dir.file(&format!("{}.sock", process::id()));
    assert_eq!(bound.address, Address::Unix(path.clone()));
    assert_eq!(mode(&path), 0o600);
    let BoundSocket::Unix(listener, _) = &bound.socket else { panic!("{bound:?}") };
    assert_eq!(flags(listener), 0o2_004_000);
    let _client = UnixStream::connect(&path).unwrap();
    listener.accept().unwrap();
    drop(bound);
    assert!(!path.exists());
}

#[test]
fn a_replaced_socket_file_is_kept() {
    let dir = Dir::new("stays");
    let path = dir.file("a.sock");
    let bound = bind(&at(&path)).unwrap();
    fs::rename(&path, dir.file("moved")).unwrap();
    fs::write(&path, "theirs").unwrap();
    drop(bound);
    assert_eq!(fs::read(&path).unwrap(), b"theirs");
    assert!(dir.file("moved").exists());
}

#[test]
fn a_dead_socket_is_replaced() {
    let dir = Dir::new("dead");
    let path = dir.file("a.sock");
    drop(UnixListener::bind(&path).unwrap());
    let bound = bind(&at(&path)).unwrap();
    UnixStream::connect(&path).unwrap();
    drop(bound);
    assert!(!path.exists());
}

#[test]
fn c20_a_path_with_the_process_id_gets_other_advice() {
    let dir = Dir::new("advice");
    let check = |name: &str, advice: &str| {
        let _bound = bind(&at(&dir.file(name))).unwrap();
        let error = bind(&at(&dir.file(name))).unwrap_err();
        assert!(error.to_string().ends_with(&format!("stop it, or {advice}")), "{error}");
        assert!(error.is_held(), "it may end");
    };
    check("a.sock", "put `{pid}` in the path");
    let why = "since containers may have the same process ids";
    check("{pid}.sock", &format!("put `{{host}}` in the path, {why}"));
    check("{host}-{pid}.sock", "choose another path");
}

#[test]
fn a_live_socket_is_not_replaced() {
    let dir = Dir::new("living");
    let path = dir.file("a.sock");
    let _bound = bind(&at(&path)).unwrap();
    check_error(&path, ANSWERS);
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_socket_with_a_full_queue_is_alive() {
    let dir = Dir::new("full");
    let path = dir.file("a.sock");
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    socket.bind(&SockAddr::unix(&path).unwrap()).unwrap();
    socket.listen(0).unwrap();
    let _waiting = UnixStream::connect(&path).unwrap();
    check_error(&path, ANSWERS);
}

#[test]
fn other_files_are_not_replaced() {
    let dir = Dir::new("others");
    let left = "exists there, not a socket, and was not changed; remove it, or choose another path";
    let path = dir.file("file");
    fs::write(&path, "data").unwrap();
    check_error(&path, &format!("a regular file {left}"));
    assert_eq!(fs::read(&path).unwrap(), b"data");

    fs::create_dir(dir.file("dir")).unwrap();
    check_error(&dir.file("dir"), &format!("a directory {left}"));

    drop(UnixListener::bind(dir.file("dead.sock")).unwrap());
    for target in ["dead.sock", "file", "nowhere"] {
        let link = dir.file(&format!("link-to-{target}"));
        symlink(dir.file(target), &link).unwrap();
        check_error(&link, &format!("a symbolic link {left}"));
    }

    let datagram = dir.file("datagram");
    let _socket = UnixDatagram::bind(&datagram).unwrap();
    let error = bind(&at(&datagram)).unwrap_err();
    assert!(error.to_string().contains("whether a process listens on it is unknown"), "{error}");
    assert!(error.source().is_some() && datagram.exists());
}

#[test]
fn impossible_paths_are_refused_with_the_reason() {
    let dir = Dir::new("paths");
    let missing = dir.file("missing");
    let reason = format!("there is no directory {}; make it, or choose another path", missing.display());
    check_error(&missing.join("a.sock"), &reason);

    fs::write(dir.file("file"), "").unwrap();
    let reason = format!("{} is not a directory", dir.file("file").display());
    check_error(&dir.file("file").join("a.sock"), &reason);

    let prefix = dir.0.as_os_str().len() + 1;
    let most = dir.file(&"x".repeat(107 - prefix));
    bind(&at(&most)).unwrap();
    let reason = "the path has 108 bytes, and a socket's path at most 107; choose a shorter one";
    check_error(&dir.file(&"x".repeat(108 - prefix)), reason);
}

/// The test below depends on the lock; without the lock it fails only rarely.
#[test]
fn a_held_directory_lock_delays_a_start() {
    let dir = Dir::new("lock");
    let held = File::open(&dir.0).unwrap();
    held.lock().unwrap();
    let started = Instant::now();
    let bound = bind(&at(&dir.file("a.sock"))).unwrap();
    assert!(started.elapsed() >= LOCK_PATIENCE);
    drop(held);
    drop(bound);
    assert!(!dir.file("a.sock").exists());
}

#[test]
fn one_of_many_concurrent_starts_gets_the_socket() {
    const STARTERS: usize = 8;
    let dir = Dir::new("race");
    for round in 0..50 {
        let path = dir.file(&format!("{round}.sock"));
        drop(UnixListener::bind(&path).unwrap());
        let barrier = Barrier::new(STARTERS);
        let bound: Vec<_> = thread::scope(|scope| {
            let start = || {
                barrier.wait();
                bind(&at(&path))
            };
            let starters: Vec<_> = (0..STARTERS).map(|_| scope.spawn(start)).collect();
            starters.into_iter().filter_map(|starter| starter.join().unwrap().ok()).collect()
        });
        assert_eq!(bound.len(), 1);
        UnixStream::connect(&path).unwrap();
    }
}

/// The umask belongs to the process, so a child process sets it and runs only this test.
#[test]
fn the_mode_does_not_depend_on_the_umask() {
    const PATH: &str = "BACKDOOR_TEST_UMASK_PATH";
    if let Some(path) = env::var_os(PATH) {
        let path = PathBuf::from(path);
        let _bound = bind(&at(&path)).unwrap();
        assert_eq!(mode(&path), 0o600);
        return;
    }
    let dir = Dir::new("umask");
    let (_, module) = module_path!().split_once("::").unwrap();
    for umask in ["000", "022", "077"] {
        let path = dir.file(umask);
        let output = Command::new("sh")
            .args(["-c", "umask $0; exec \"$@\"", umask])
            .arg(env::current_exe().unwrap())
            .arg(format!("{module}::the_mode_does_not_depend_on_the_umask"))
            .arg("--exact")
            .env(PATH, &path)
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && stdout.contains("1 passed"), "umask {umask}: {stdout}");
    }
}
