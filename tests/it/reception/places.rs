//! Slots for sessions: silent peers are evicted, and two slots are reserved for the service's own user.

use std::time::Duration;

use backdoor_runtime::{Address, Backdoor, Builder};

use crate::client::Client;
use crate::log::Log;
use crate::twice::harms_only_without;
use crate::wait::until;

/// The first bytes of a telnet client that is asked for its window.
const WILL_WINDOW_SIZE: [u8; 3] = [0xff, 0xfb, 0x1f];

fn builder() -> Builder {
    Backdoor::builder("test").listen("0").detect_timeout(Duration::from_millis(50))
}

/// Whether a script gets its answer.
fn is_served(address: &Address) -> bool {
    let mut client = Client::connect(address);
    // It may be rejected before it has sent anything.
    let _ = client.try_send(b"wire echo served\n");
    client.close_write();
    client.read_to_string() == "served\n"
}

#[test]
fn silent_peers_do_not_lock_out_a_newcomer() {
    harms_only_without(
        |builder| builder,
        |builder| builder.eviction_grace(Duration::MAX),
        builder,
        |console, _| {
            let address = &console.addresses()[0];
            let _silent: Vec<_> = (0..32).map(|_| Client::prompted(address)).collect();
            !is_served(address)
        },
    );
}

#[test]
fn the_oldest_silent_session_is_told_why_it_is_closed() {
    let (log, _guard) = Log::record();
    let console = builder().max_sessions(3).start().unwrap();
    let address = &console.addresses()[0];
    let mut typed = Client::prompted(address);
    assert_eq!(typed.ask("wire echo a"), "a\r\n");
    let mut telnet = Client::prompted(address);
    telnet.send(WILL_WINDOW_SIZE);
    until("a telnet client", || typed.ask("who"), |who| who.contains("telnet"));
    let mut half = Client::prompted(address);
    half.send("half a li");
    assert!(is_served(address));
    let said = half.read_to_string();
    assert_eq!(
        said,
        "\r\nthe console is full; this session had sent no line and is closed to make room for another\r\n"
    );
    log.expect(&[
        "WARN",
        "session 3 of 127.0.0.1:",
        "was closed to make room for another: no session was free",
    ]);
    telnet.send("wire echo b\r\n");
    telnet.expect("b\r\n");
    // Now all three have completed a line.
    let mut third = Client::prompted(address);
    assert_eq!(third.ask("wire echo c"), "c\r\n");
    assert_eq!(
        Client::connect(address).read_to_string(),
        "the console has 3 sessions already, which is its limit; try again when one has ended\n"
    );
    log.expect(&["WARN", "was rejected: the console has 3 sessions already"]);
}

#[test]
fn a_full_port_does_not_lock_out_the_unix_socket() {
    let path = std::env::temp_dir().join(format!("backdoor-places-{}.sock", std::process::id()));
    let socket = format!("unix:{}", path.display());
    harms_only_without(
        |builder| builder,
        |builder| builder.reserved_sessions(0),
        || builder().listen(socket.as_str()),
        |console, _| {
            let [tcp, unix] = console.addresses() else { panic!("{console:?}") };
            let mut clients = Vec::new();
            let full = loop {
                let mut client = Client::connect(tcp);
                client.send("wire echo a\n");
                let answer = client.take(2);
                if answer != b"a\n" {
                    break String::from_utf8(answer).unwrap() + &client.read_to_string();
                }
                clients.push(client);
            };
            assert!(full.starts_with("the console has "), "{full}");
            assert_eq!(full.contains("2 more are reserved for its own user"), clients.len() == 30, "{full}");
            !is_served(unix)
        },
    );
    assert!(!path.exists());
}

#[test]
fn sessions_beyond_the_limit_are_rejected() {
    harms_only_without(
        |builder| builder,
        |builder| builder.max_sessions(usize::MAX),
        builder,
        |console, _| {
            let address = &console.addresses()[0];
            let mut clients: Vec<_> = (0..32).map(|_| Client::prompted(address)).collect();
            clients.iter_mut().for_each(|client| assert_eq!(client.ask("wire echo a"), "a\r\n"));
            is_served(address)
        },
    );
}
