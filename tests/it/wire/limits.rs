//! Limits: sessions, the time to take an answer, and floods of input.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::client::{Client, script};
use crate::wait::until;
use crate::wire::{builder, tcp};

#[test]
fn a_session_over_the_limit_gets_the_reason() {
    let console = builder().listen("0").max_sessions(2).start().unwrap();
    let address = &console.addresses()[0];
    let mut clients = [Client::prompted(address), Client::prompted(address)];
    // A session without a completed line would make room.
    clients.iter_mut().for_each(|client| assert_eq!(client.ask("wire echo a"), "a\r\n"));
    for _ in 0..20 {
        let mut third = Client::connect(address);
        // Its unread input must not reset the connection before the answer is read.
        third.send("help\n");
        assert_eq!(
            third.read_to_string(),
            "the console has 2 sessions already, which is its limit; try again when one has ended\n"
        );
    }
    assert_eq!(clients[1].ask("wire echo a"), "a\r\n");
    clients[0].send("quit\r\n");
    clients[0].read_to_end();
    until("a place", || script(address, "wire echo a\n"), |answer| answer == "a\n");
}

#[test]
fn a_client_that_reads_nothing_is_closed() {
    let console = builder().listen("0").write_stall(Duration::from_millis(100)).start().unwrap();
    let mut client = Client::prompted(&console.addresses()[0]);
    client.send("wire flood 1000000\r\n");
    let mut other = Client::prompted(&console.addresses()[0]);
    until("its end", || other.ask("who"), |who| !who.contains("1000000"));
    // Output in transit arrives, and the rest does not.
    assert!(!String::from_utf8(client.read_to_end()).unwrap().contains("end of flood"));
}

/// As long as bytes arrived, the console read them and served no other session.
#[test]
fn regression_a_flood_of_input_does_not_hold_up_others() {
    let mut flood = Client::prompted(tcp());
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let mut other = Client::prompted(tcp());
    let flooding = std::thread::spawn(move || {
        let bytes = vec![b'x'; 1 << 20];
        while !stopped.load(Ordering::Relaxed) && flood.try_send(&bytes).is_ok() {}
    });
    for _ in 0..50 {
        assert_eq!(other.ask("wire echo a"), "a\r\n");
    }
    stop.store(true, Ordering::Relaxed);
    flooding.join().unwrap();
}

/// Every `IAC AYT` has an answer longer than itself, so a peer that does not read could fill the memory.
#[test]
fn regression_unread_answers_stop_the_reading() {
    let mut client = Client::prompted(tcp());
    let mut sender = client.again();
    let (sent, count) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let bytes = b"\xff\xf6".repeat(1 << 20);
        let mut all = 0;
        while all < 64 << 20 && sender.try_send(&bytes).is_ok() {
            all += bytes.len();
            let _ = sent.send(all);
        }
    });
    // It stops when the kernel's buffers are full, long before the thread has sent everything.
    let mut all = 0;
    while let Ok(more) = count.recv_timeout(Duration::from_millis(500)) {
        all = more;
    }
    assert!(all < 64 << 20, "{all} bytes were taken");
    client.expect("[test runs, pid ");
}
