//! The example `embed` as a process: after SIGTERM with sessions open, it says goodbye, leaves no socket, and exits with 0.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use backdoor_runtime::Address;

use crate::client::{Client, script};
use crate::example::Example;
use crate::pty::Terminal;

struct Embed {
    example: Example,
    http: SocketAddr,
    console: Address,
}

/// Starts it, with its console at another address.
fn start(environment: &[(&str, &str)]) -> Embed {
    let mut example = Example::start_with("embed", environment);
    let line = example.line();
    let (http, console) = line.split_once(", console ").expect("one line with both addresses");
    let http = http.strip_prefix("embed: http://").expect("the address of HTTP").parse().unwrap();
    let console = match console.strip_prefix("unix:") {
        Some(path) => Address::Unix(PathBuf::from(path)),
        None => Address::Tcp(console.parse().unwrap()),
    };
    Embed { example, http, console }
}

fn get(http: SocketAddr) -> String {
    let mut stream = TcpStream::connect(http).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: embed\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn sigterm_ends_it_cleanly_with_a_telnet_session_open() {
    let mut embed = start(&[("BACKDOOR_LISTEN", "0")]);
    let Address::Tcp(console) = embed.console else { panic!("it was moved to TCP") };
    assert!(get(embed.http).ends_with("hello\n"));
    let (host, port) = (console.ip().to_string(), console.port().to_string());
    let mut operator = Terminal::start("telnet", "inetutils-telnet", &[&host, &port]);
    operator.expect("embed> ");
    operator.press("hits\r");
    operator.expect("\n1");
    operator.expect("embed> ");

    assert_eq!(embed.example.terminate(), Some(0));
    let shown = operator.expect_end();
    assert!(shown.contains("embed ends this session; goodbye"), "{shown:?}");
    assert!(shown.contains("Connection closed by foreign host."), "{shown:?}");
    TcpStream::connect(console).expect_err("nothing listens any more");
}

#[test]
fn a_unix_socket_is_removed_with_its_service() {
    let mut embed = start(&[]);
    let Address::Unix(path) = &embed.console else { panic!("it listens on a unix socket") };
    assert!(path.exists());
    assert_eq!(script(&embed.console, "hits\n"), "0\n");
    let mut operator = Client::connect(&embed.console);
    operator.expect("embed> ");

    assert_eq!(embed.example.terminate(), Some(0));
    let goodbye = String::from_utf8_lossy(&operator.read_to_end()).into_owned();
    assert!(goodbye.contains("embed ends this session; goodbye"), "{goodbye:?}");
    assert!(!path.exists(), "the file is left behind");
    UnixStream::connect(path).expect_err("nothing listens any more");
}
