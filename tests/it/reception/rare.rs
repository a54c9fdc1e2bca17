//! Events that peers can cause at any rate are logged once a minute.

use std::time::Duration;

use crate::client::Client;
use crate::log::Log;
use crate::twice::harms_only_without;
use crate::wire::builder;

#[test]
fn a_flood_of_foreign_peers_does_not_fill_the_log() {
    let (log, _guard) = Log::record();
    let count = || log.lines().iter().filter(|line| line.contains("sent HTTP")).count();
    harms_only_without(
        |builder| builder,
        |builder| builder.warning_interval(Duration::ZERO),
        || builder().listen("0"),
        |console, _| {
            let before = count();
            for _ in 0..20 {
                let mut peer = Client::connect(&console.addresses()[0]);
                peer.send("GET / HTTP/1.1\r\n\r\n");
                assert!(peer.read_to_end().is_empty());
            }
            // Later events have later causes.
            let last = console.addresses()[0].to_string();
            crate::client::script(&console.addresses()[0], format!("wire echo {last}\n"));
            log.expect(&["command ended", &last]);
            count() - before > 1
        },
    );
    log.expect(&["WARN", "19 further warnings of the console were not logged"]);
}
