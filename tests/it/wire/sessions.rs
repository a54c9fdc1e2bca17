//! Many sessions at once, which share no state.

use crate::client::Client;
use crate::wait::until;
use crate::wire::{count_of, open, tcp, unix};

#[test]
fn sessions_have_their_own_windows_and_commands() {
    let mut clients: Vec<Client> = (0..40).map(|_| Client::connect(tcp())).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.expect("test> ");
        client.send([0xff, 0xfa, 0x1f, 0, 50 + number as u8, 0, 24, 0xff, 0xf0]);
    }
    // The even sessions wait, and the odd ones do not have to.
    for client in clients.iter_mut().step_by(2) {
        client.send("wire wait even\r\n");
        client.expect("waiting\r\n");
    }
    for (number, client) in clients.iter_mut().enumerate().filter(|(number, _)| number % 2 == 1) {
        assert_eq!(client.ask("wire width"), format!("{}\r\n", 50 + number));
    }
    // One is interrupted, and the others are not.
    clients[0].send(b"\xff\xf4");
    assert_eq!(clients[0].answer(), "\r\ninterrupted\r\n");
    assert!(clients[2].seen.is_empty());
    open("even");
    for (number, client) in clients.iter_mut().enumerate().step_by(2) {
        if number > 0 {
            assert_eq!(client.answer(), "passed\r\n");
        }
        assert_eq!(client.ask("wire width"), format!("{}\r\n", 50 + number));
    }
}

#[test]
fn a_disconnect_ends_only_the_command_of_its_session() {
    for (address, telnet) in [(tcp(), true), (unix(), true), (tcp(), false), (unix(), false)] {
        let mut other = Client::prompted(address);
        let mut client = Client::prompted(address);
        let gate = format!("vanished-{address}-{telnet}");
        if telnet {
            client.send([0xff, 0xf1]);
        }
        client.send("wire flood 100000000\r\n");
        client.expect("00000");
        drop(client);
        // A command that continues would still be listed.
        until(&gate, || other.ask("who"), |who| !who.contains("100000000"));
        assert_eq!(other.ask("wire echo a").trim(), "a");
    }
}

#[test]
fn a_telnet_disconnect_ends_a_silent_command() {
    let mut client = Client::prompted(tcp());
    client.send("\u{0}");
    client.send(b"\xff\xf1wire wait silent-vanished\r\n");
    client.expect("waiting\r\n");
    drop(client);
    let mut other = Client::prompted(tcp());
    until("its end", || other.ask("who"), |who| !who.contains("silent-vanished"));
    assert_eq!(count_of("silent-vanished"), 0);
}
