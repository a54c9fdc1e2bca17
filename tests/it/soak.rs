//! All attacks at once on the shop while it sells: none stops its console, and none leaves anything behind.
//!
//! As an ordinary test it takes seconds. `cargo xtask soak` runs it for minutes, and also compares the customers' response times.

use std::env;
use std::process::Command;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::example::program;
use crate::shop::Shop;

use self::attacks::Attackers;
use self::held::Held;
use self::honest::Operator;

mod attacks;
mod held;
mod honest;

/// The duration that `cargo xtask soak` requests, in seconds.
const SECONDS: &str = "BACKDOOR_SOAK_SECONDS";

/// The length of one measurement of the customers.
const SLICE: Duration = Duration::from_secs(4);

#[test]
fn all_features_at_once_leave_nothing_behind() {
    match env::var(SECONDS) {
        Ok(seconds) => soak(Duration::from_secs(seconds.parse().expect("whole seconds"))),
        Err(_) => short(),
    }
}

/// Speed is not judged, because it depends on what else runs.
fn short() {
    let shop = Shop::start();
    let operator = Operator::start(&shop.console);
    operator.wait_until_served();
    let before = Held::by(shop.id());
    let customers = customers(&shop, Duration::from_secs(5));
    let attackers = Attackers::start(&shop.console);
    customers.join().unwrap();
    println!("{}", attackers.end());
    println!("{}", operator.end());
    Held::await_no_more_than(before, &shop, 64);
    assert_eq!(shop.panics(), [""; 0]);
}

fn soak(time: Duration) {
    // The second shop takes the same attacks while the first is measured without them: both measurements include their cost for the
    // machine.
    let (shop, twin) = (Shop::start(), Shop::start());
    let operator = Operator::start(&shop.console);
    let attackers = Attackers::start(&shop.console);
    customers(&shop, time / 10).join().unwrap();
    attackers.attack(&twin.console);
    customers(&twin, time / 10).join().unwrap();
    attackers.attack(&shop.console);
    println!("{}", attackers.end());
    let warm = Held::quiet(&shop);

    let attackers = Attackers::start(&shop.console);
    let until = Instant::now() + time;
    let mut ratios = Vec::new();
    while Instant::now() < until || ratios.len() < 3 || ratios.len() % 2 == 0 {
        let [attacked, spared] = [&shop, &twin].map(|attacked| {
            attackers.attack(&attacked.console);
            customers(&shop, SLICE).join().unwrap()
        });
        println!("{attacked:.0} requests/s under attack, {spared:.0} beside one");
        ratios.push(attacked / spared);
    }
    println!("{}", attackers.end());
    println!("{}", operator.end());
    Held::await_no_more_than(warm, &shop, 16);
    let fresh = Shop::start();
    let beside_fresh = (0..3).map(|_| {
        let [after, fresh] = [&shop, &fresh].map(|shop| customers(shop, SLICE).join().unwrap());
        after / fresh
    });
    let (ratio, recovered) = (median(ratios), median(beside_fresh.collect()));
    println!(
        "throughput: {ratio:.2} of that beside the same attacks, {recovered:.2} of a fresh shop's afterwards"
    );
    assert_eq!(shop.panics(), [""; 0]);
    assert_eq!(twin.panics(), [""; 0]);
    assert!(ratio >= 0.9, "the customers noticed: {ratio:.2}");
    assert!(recovered >= 0.9, "the shop did not recover: {recovered:.2}");
}

/// Sends customers from a separate process; the result is their requests per second.
fn customers(shop: &Shop, time: Duration) -> JoinHandle<f64> {
    let seconds = time.as_secs().max(1).to_string();
    let url = format!("http://{}", shop.http);
    thread::spawn(move || {
        let load = Command::new(program("shop-load"))
            .args(["--json", "--connections", "8", "--seconds", &seconds, "--url", &url])
            .output()
            .unwrap();
        assert!(load.status.success(), "customers met errors: {load:?}");
        let outcome: serde_json::Value = serde_json::from_slice(&load.stdout).unwrap();
        outcome["per_second"].as_f64().unwrap()
    })
}

/// For an odd number of values.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
