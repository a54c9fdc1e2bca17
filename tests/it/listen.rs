//! The addresses of a console, where they come from, what is logged, and how the console ends.

mod end;
mod environment;
#[allow(unsafe_code, reason = "no safe function forks")]
mod forked;
mod held;
mod removed;
#[allow(unsafe_code, reason = "no safe function reads the auxiliary vector")]
mod rights;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use backdoor_runtime::{Address, Error};

use crate::client::{Client, script};
use crate::left_out::left_out;
use crate::listen::environment::Service;
use crate::log::Log;
use crate::pty::is_there;
use crate::wire::builder;

/// A directory that is removed with its contents on drop.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("backdoor-listen-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn socket(&self) -> (PathBuf, String) {
        let path = self.0.join("a.sock");
        let address = format!("unix:{}", path.display());
        (path, address)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn port(address: &Address) -> u16 {
    match address {
        Address::Tcp(address) => address.port(),
        Address::Unix(path) => panic!("{} is no port", path.display()),
    }
}

#[track_caller]
fn refused(address: &str) -> String {
    builder().listen(address).start().unwrap_err().to_string()
}

#[test]
fn several_addresses_are_listened_on_and_can_be_read() {
    let directory = Directory::new("several");
    let (path, address) = directory.socket();
    let console = builder().listen(0).listen("[::1]:0").listen(address.as_str()).start().unwrap();
    let addresses = console.addresses();
    assert_eq!(addresses.len(), 3);
    assert_eq!(addresses[0].to_string(), format!("127.0.0.1:{}", port(&addresses[0])));
    assert_eq!(addresses[1].to_string(), format!("[::1]:{}", port(&addresses[1])));
    assert_eq!(addresses[2], Address::Unix(path));
    for address in addresses {
        assert_eq!(script(address, "wire echo a\n"), "a\n");
    }
}

#[test]
fn a_console_without_an_address_is_off() {
    assert!(builder().start().unwrap().addresses().is_empty());
}

#[test]
fn the_first_free_port_of_a_range_is_taken() {
    // Another process may take the next port in between, so this is repeated.
    let found = (0..50).find_map(|_| {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let first = taken.local_addr().unwrap().port();
        let range = format!("{first}:{}", first.checked_add(1)?);
        let console = builder().listen(range.as_str()).start().ok()?;
        Some((first, port(&console.addresses()[0])))
    });
    let (first, chosen) = found.unwrap();
    assert_eq!(chosen, first + 1);
}

#[test]
fn a_taken_port_is_an_error_and_one_warning() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = builder().listen(address.as_str()).start().unwrap_err();
    assert!(matches!(error, Error::Bind(_)), "{error:?}");
    assert!(
        error.to_string().starts_with(&format!("cannot listen on {address}: the port is taken")),
        "{error}"
    );

    let (log, _guard) = Log::record();
    let console = builder().listen(address.as_str()).start_or_warn();
    assert!(console.addresses().is_empty());
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("WARN") && lines[0].contains("the port is taken"), "{lines:?}");
}

#[test]
fn sockets_bound_before_an_error_are_closed() {
    let directory = Directory::new("let-go");
    let (path, address) = directory.socket();
    builder().listen(address.as_str()).listen("127.0.0.1:0:").start().unwrap_err();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    builder().listen(address.as_str()).listen(taken.local_addr().unwrap()).start().unwrap_err();
    assert!(!path.exists());
}

#[test]
fn another_host_is_refused_with_a_reason() {
    for host in ["0.0.0.0:3000", "192.168.0.1:3000", "[::]:3000", "example.org:3000"] {
        let error = refused(host);
        assert!(error.contains("listens on loopback only"), "{error}");
    }
    assert!(refused("shop").contains("that is not an address"));
}

#[test]
fn a_unix_socket_is_private_and_removed_at_the_end() {
    let directory = Directory::new("mode");
    let (path, address) = directory.socket();
    let console = builder().listen(address.as_str()).start().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    drop(console);
    assert!(!path.exists());
}

#[test]
fn a_dead_socket_is_replaced_and_anything_else_is_kept() {
    let directory = Directory::new("dead");
    let (path, address) = directory.socket();
    drop(UnixListener::bind(&path).unwrap());
    let console = builder().listen(address.as_str()).start().unwrap();
    assert_eq!(script(&console.addresses()[0], "wire echo a\n"), "a\n");
    // It is alive now.
    assert!(refused(&address).contains("a process already listens there"));
    assert_eq!(script(&console.addresses()[0], "wire echo a\n"), "a\n");
    drop(console);
    fs::write(&path, "precious").unwrap();
    assert!(refused(&address).contains("a regular file exists there, not a socket"));
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

#[test]
fn the_peer_of_a_unix_socket_is_known() {
    let directory = Directory::new("peer");
    let console = builder().listen(directory.socket().1.as_str()).start().unwrap();
    let who = Client::prompted(&console.addresses()[0]).ask("who");
    let uid =
        fs::metadata(Path::new("/proc/self")).map(|file| std::os::unix::fs::MetadataExt::uid(&file)).unwrap();
    assert!(who.contains(&format!("unix uid {uid} pid {}", std::process::id())), "{who}");
}

/// The service is in the namespace, and cannot see the ids of peers outside.
#[test]
fn c20_a_peer_in_another_pid_namespace_has_no_pid() {
    let by = ["unshare", "--pid", "--fork", "--kill-child"];
    let may = is_there(by[0])
        && Command::new(by[0]).args(&by[1..]).arg("true").status().is_ok_and(|ended| ended.success());
    if !may {
        left_out("another PID namespace: none can be had");
        return;
    }
    let directory = Directory::new("namespace");
    let (path, address) = directory.socket();
    let _service = Service::start_by(&by, "start", Some(&address));
    let who = Client::prompted(&Address::Unix(path)).ask("who");
    assert!(who.contains(" in another PID namespace") && !who.contains("pid 0"), "{who}");
}

#[test]
fn the_start_and_every_command_are_logged() {
    let (log, _guard) = Log::record();
    let console = builder().listen(0).start().unwrap();
    let address = console.addresses()[0].to_string();
    // A crate that the linker dropped is missing in this line (author A16).
    log.expect(&["INFO", "the console of test listens", &address, "commands=it ", ", linked "]);
    log.expect(&["INFO", "any local user may connect to the console of test by TCP"]);
    script(&console.addresses()[0], "wire echo \x1b[2J\nno-such-command\n");
    log.expect(&["INFO", "command begins", "session=1", "peer=\"127.0.0.1:", "line=wire echo \\x1b[2J"]);
    let ended = log.expect(&["INFO", "command ended", "line=wire echo \\x1b[2J", "result=done"]);
    assert!(ended.contains("milliseconds="), "{ended}");
    log.expect(&["command ended", "line=no-such-command", "result=usage"]);
    assert!(!log.lines().concat().contains('\x1b'));

    Client::connect(&console.addresses()[0]).send("GET / HTTP/1.1\r\nHost: a\r\n");
    log.expect(&["WARN", "127.0.0.1:", "sent HTTP and was disconnected; nothing of it was run"]);
    assert_eq!(log.lines().iter().filter(|line| line.contains("HTTP")).count(), 1);
}

#[test]
fn a_unix_socket_alone_gives_no_local_user_warning() {
    let directory = Directory::new("log");
    let (log, _guard) = Log::record();
    let _console = builder().listen(directory.socket().1.as_str()).start().unwrap();
    assert_eq!(log.lines().len(), 1, "{:?}", log.lines());
}
