//! The process has no descriptor left, or the kernel has none: peers are told if possible, the log is not flooded, and everything works
//! afterwards.

use std::time::{Duration, Instant};

use super::kernel::Refusing;
use super::process::{FEW_DESCRIPTORS, LOGS_ALL, NO_PAUSE, NO_SPARE, NOT_TAKEN, Service};
use crate::client::{Client, script};
use crate::twice::Limit;

/// The first bytes of a telnet client that is asked for its window.
const WILL_WINDOW_SIZE: [u8; 3] = [0xff, 0xfb, 0x1f];

/// The one warning, which may take a minute.
#[track_caller]
fn check_log(service: Service, error: &str) {
    let log = service.log();
    let warnings: Vec<_> = log.iter().filter(|line| line.contains(NOT_TAKEN)).collect();
    assert_eq!(warnings.len(), 1, "{log:#?}");
    assert!(warnings[0].contains(error), "{warnings:?}");
}

/// The message to a peer without a descriptor; empty if no peer gets one.
fn told_without_descriptors(special: &[&str], limit: Limit) -> Option<String> {
    let service = Service::start(special);
    let before = service.descriptors();
    // A silent peer would make room.
    let client = |_| {
        let mut client = Client::connect(&service.address);
        client.send(WILL_WINDOW_SIZE);
        client
    };
    let mut clients: Vec<_> = (0..40).map(client).collect();
    let until = Instant::now() + limit.patience();
    let told = 'told: loop {
        for client in &mut clients {
            let said = String::from_utf8_lossy(&client.read_for(Duration::from_millis(1))).into_owned();
            if said.starts_with("the service cannot") {
                break 'told Some(said);
            }
        }
        if Instant::now() > until {
            break None;
        }
    };
    // Existing sessions work meanwhile.
    clients[0].send("wire echo a\r\n");
    clients[0].expect("a\r\n");
    drop(clients);
    assert_eq!(script(&service.address, "wire echo again\n"), "again\n");
    service.comes_back_to(before);
    check_log(service, "Too many open files");
    told
}

#[test]
fn peer_is_told_when_descriptors_are_exhausted() {
    let told = told_without_descriptors(&[FEW_DESCRIPTORS], Limit::On).expect("nobody was told anything");
    assert!(told.starts_with("the service cannot accept a connection now: Too many open files"), "{told}");
    assert!(told.ends_with("; try again later\n"), "{told}");
    assert_eq!(told_without_descriptors(&[FEW_DESCRIPTORS, NO_SPARE], Limit::Off), None);
}

/// Case H5: each silent peer makes room for the next at once.
#[test]
fn silent_peers_make_room_when_descriptors_are_exhausted() {
    let service = Service::start(&[FEW_DESCRIPTORS]);
    let before = service.descriptors();
    let silent: Vec<_> = (0..450).map(|_| Client::connect(&service.address)).collect();
    assert_eq!(script(&service.address, "wire echo a\n"), "a\n");
    drop(silent);
    service.comes_back_to(before);
}

/// A service without a descriptor for a connection, after this many attempts.
fn trying(pause: &str, often: &str) -> (Service, Vec<Client>) {
    let mut service = Service::start(&[FEW_DESCRIPTORS, NO_SPARE, LOGS_ALL, pause]);
    let clients = (0..40).map(|_| Client::connect(&service.address)).collect();
    service.says(often);
    (service, clients)
}

#[test]
fn accept_is_retried_with_pauses_without_descriptors() {
    let begun = Instant::now();
    let (with, clients) = trying("", "tried once");
    drop(trying(NO_PAUSE, "tried often"));
    drop(clients);
    let tries = with.log().iter().filter(|line| line.contains(NOT_TAKEN)).count();
    // After 0, 100, 300, 700 and 1500 ms, and then once a second.
    let most = 5 + begun.elapsed().as_secs() as usize;
    assert!(tries <= most, "{tries} tries, {most} at most");
}

/// Whether a script that connected while the whole system had no descriptor got one from the reserve.
fn takes_a_reserve_in_a_full_system(special: &[&str]) -> Option<bool> {
    let service = Service::start(special);
    let before = service.descriptors();
    let refusing = Refusing::begin(&service, "ENFILE", ":when=1+2")?;
    assert_eq!(script(&service.address, "wire echo a\n"), "a\n");
    drop(refusing);
    assert_eq!(script(&service.address, "wire echo again\n"), "again\n");
    service.comes_back_to(before);
    let log = service.log();
    let warnings: Vec<_> = log.iter().filter(|line| line.contains("Too many open files in system")).collect();
    assert_eq!(warnings.len(), 1, "{log:#?}");
    Some(warnings[0].contains("a connection was accepted with a reserved descriptor"))
}

#[test]
fn peer_gets_the_reserve_when_the_system_has_no_descriptor() {
    let Some(with) = takes_a_reserve_in_a_full_system(&[]) else { return };
    assert!(with);
    assert_eq!(takes_a_reserve_in_a_full_system(&[NO_SPARE]), Some(false));
}

/// Accepting a connection only to reject it would not help: memory is missing.
#[test]
fn peer_is_served_once_the_kernel_has_memory_again() {
    for (error, text) in [("ENOBUFS", "No buffer space available"), ("ENOMEM", "Cannot allocate memory")] {
        let service = Service::start(&[]);
        let before = service.descriptors();
        let Some(mut refusing) = Refusing::begin(&service, error, "") else { return };
        let mut client = Client::connect(&service.address);
        client.send("wire echo a\n");
        client.close_write();
        (0..3).for_each(|_| refusing.has_refused());
        assert!(client.read_for(Duration::from_millis(10)).is_empty());
        drop(refusing);
        assert_eq!(client.read_to_string(), "a\n");
        assert_eq!(script(&service.address, "wire echo again\n"), "again\n");
        service.comes_back_to(before);
        check_log(service, text);
    }
}

#[test]
fn a_program_that_the_service_starts_inherits_nothing() {
    let service = Service::start(&[]);
    let _others: Vec<_> = (0..5).map(|_| Client::prompted(&service.address)).collect();
    let listed = script(&service.address, "reception inherited\n");
    // Descriptors that the service itself inherited are passed on.
    let before = format!("inherited before: {listed:?}");
    let log = service.log();
    assert!(log.contains(&before), "{before} is not in {log:#?}");
}
