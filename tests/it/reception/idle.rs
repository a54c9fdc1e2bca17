//! Idle sessions are closed; a session with a running command is not idle.

use std::time::Duration;

use crate::client::Client;
use crate::twice::{Limit, harms_only_without};
use crate::wire::{builder, open};

const IDLE: Duration = Duration::from_millis(300);

#[test]
fn an_idle_session_is_told_and_closed() {
    harms_only_without(
        |builder| builder.session_idle(IDLE),
        |builder| builder.session_idle(Duration::MAX),
        || builder().listen("0"),
        |console, limit| {
            let mut forgotten = Client::prompted(&console.addresses()[0]);
            if limit == Limit::On {
                let said = forgotten.read_to_string();
                assert_eq!(said, "\r\nno input for 300ms; this session is closed\r\n");
                return false;
            }
            // A session that is still open then has outlived the limit.
            forgotten.read_for(IDLE * 5).is_empty()
        },
    );
}

#[test]
fn a_session_with_a_running_command_is_not_idle() {
    // A busy machine must not make the test itself idle.
    let idle = Duration::from_secs(2);
    let console = builder().listen("0").session_idle(idle).start().unwrap();
    let mut client = Client::prompted(&console.addresses()[0]);
    client.send("wire wait not-idle\r\n");
    client.expect("waiting\r\n");
    assert!(client.read_for(idle * 3 / 2).is_empty());
    open("not-idle");
    assert_eq!(client.answer(), "passed\r\n");
    // Its idle time begins here.
    client.expect("no input for 2s; this session is closed\r\n");
    assert!(client.read_to_end().is_empty());
}

#[test]
fn bytes_without_a_line_end_keep_a_session_open() {
    let console = builder().listen("0").session_idle(IDLE * 10).start().unwrap();
    let mut client = Client::prompted(&console.addresses()[0]);
    for _ in 0..15 {
        client.send("x");
        assert!(client.read_for(IDLE).is_empty());
    }
    client.send("\r\n");
    client.expect("unknown command");
}
