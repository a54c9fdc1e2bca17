//! Floods of connections: a new peer is still served soon, and the flood leaves nothing behind.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use backdoor_runtime::Address;
use socket2::SockRef;

use super::process::Service;
use crate::client::script;

const NEWCOMERS: usize = 21;

/// Connects several peers one after the other, each of which must be served, and reports the times.
#[track_caller]
fn newcomers(address: &Address, flood: &str) {
    let mut times: Vec<Duration> = (0..NEWCOMERS)
        .map(|_| {
            let begin = Instant::now();
            assert_eq!(script(address, "wire echo served\n"), "served\n");
            begin.elapsed()
        })
        .collect();
    times.sort();
    // The times depend on the machine, so they are only reported.
    println!(
        "{flood}: a newcomer is served in {:?} (median), {:?} at most",
        times[NEWCOMERS / 2],
        times[NEWCOMERS - 1]
    );
}

fn connect(address: &Address) -> TcpStream {
    match address {
        Address::Tcp(address) => TcpStream::connect(address).unwrap(),
        Address::Unix(path) => panic!("{} is no port", path.display()),
    }
}

#[test]
fn five_thousand_silent_connections_block_nobody() {
    let begun = Instant::now();
    let service = Service::start(&[]);
    let before = service.descriptors();
    let silent: Vec<_> = (0..5_000).map(|_| connect(&service.address)).collect();
    newcomers(&service.address, "5,000 silent connections");
    drop(silent);
    service.comes_back_to(before);
    let log = service.log();
    let evictions = log.iter().filter(|line| line.contains("to make room for another")).count();
    // One a minute; on a busy machine the flood lasts longer than a minute.
    let minutes = begun.elapsed().as_secs() / 60;
    assert!((1..=1 + minutes).contains(&(evictions as u64)), "{log:#?}");
}

#[test]
fn sixty_four_unfinished_lines_block_nobody() {
    let service = Service::start(&[]);
    let before = service.descriptors();
    let mut half: Vec<_> = (0..64).map(|_| connect(&service.address)).collect();
    for stream in &mut half {
        // Some of them were disconnected already.
        let _ = std::io::Write::write_all(stream, b"wire echo hal");
    }
    newcomers(&service.address, "64 half lines");
    drop(half);
    service.comes_back_to(before);
}

#[test]
fn twenty_thousand_short_connections_leave_nothing() {
    let service = Service::start(&[]);
    let before = service.descriptors();
    let address = service.address.clone();
    std::thread::scope(|scope| {
        let flood = scope.spawn(|| {
            for number in 0..20_000 {
                let stream = connect(&address);
                if number % 2 == 0 {
                    // It ends with a reset.
                    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
                }
            }
        });
        newcomers(&address, "among 20,000 that come and go");
        flood.join().unwrap();
        newcomers(&address, "after 20,000 that came and went");
    });
    service.comes_back_to(before);
}
