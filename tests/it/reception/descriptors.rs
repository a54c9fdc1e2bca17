//! A process that has no descriptor left: peers are told so, the log is not filled, and all is well afterwards.

use std::time::{Duration, Instant};

use super::process::Service;
use crate::client::{Client, PATIENCE, script};

#[test]
fn who_comes_when_there_is_no_descriptor_is_told_so() {
    let service = Service::start(Some(20));
    let before = service.descriptors();
    let mut clients: Vec<_> = (0..40).map(|_| Client::connect(&service.address)).collect();
    let until = Instant::now() + PATIENCE;
    let told = 'told: loop {
        assert!(Instant::now() < until, "nobody was told anything");
        for client in &mut clients {
            let said = String::from_utf8_lossy(&client.read_for(Duration::from_millis(1))).into_owned();
            if said.starts_with("the service cannot") {
                break 'told said;
            }
        }
    };
    assert!(told.starts_with("the service cannot take a connection now: Too many open files"), "{told}");
    assert!(told.ends_with("; try again later\n"), "{told}");
    // Those who are in are served meanwhile.
    clients[0].seen.clear();
    clients[0].send("wire echo a\r\n");
    clients[0].expect("a\r\n");
    drop(clients);
    assert_eq!(script(&service.address, "wire echo again\n"), "again\n");
    service.comes_back_to(before);
    let log = service.log();
    let errors: Vec<_> = log.iter().filter(|line| line.contains("could not be taken")).collect();
    assert_eq!(errors.len(), 1, "{log:#?}");
    assert!(errors[0].contains("Too many open files"), "{errors:?}");
}

#[test]
fn a_program_that_the_service_starts_inherits_nothing() {
    let service = Service::start(None);
    let _others: Vec<_> = (0..5).map(|_| Client::prompted(&service.address)).collect();
    let listed = script(&service.address, "reception inherited\n");
    // What the service itself got from whoever started it is passed on.
    let before = format!("inherited before: {listed:?}");
    let log = service.log();
    assert!(log.contains(&before), "{before} is not in {log:#?}");
}
