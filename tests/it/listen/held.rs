//! Of several addresses, the free ones are bound; an address that an earlier process holds is bound when that process ends.

use std::process::Command;
use std::thread;

use backdoor_runtime::Address;

use crate::client::{Client, script};
use crate::left_out::left_out;
use crate::listen::environment::Service;
use crate::listen::{Directory, port};
use crate::log::Log;
use crate::pty::is_there;
use crate::wait::until;
use crate::wire::builder;

#[test]
fn c18_a_held_address_is_bound_when_its_owner_ends() {
    let directory = Directory::new("predecessor");
    let (path, unix) = directory.socket();
    // It is a separate process, which ends without a goodbye.
    let mut predecessor = Service::start("start", Some(&format!("0 {unix}")));
    let tcp = predecessor.all("address")[0].to_owned();

    let (log, _guard) = Log::record();
    let console = builder().listen(tcp.as_str()).listen(unix.as_str()).listen(0).start_or_warn();
    assert_eq!(console.addresses().len(), 1, "{console:?}");
    assert_eq!(script(&console.addresses()[0], "wire echo a\n"), "a\n");
    let waits = "cannot use an address yet: cannot listen on";
    log.expect(&["WARN", waits, &tcp, "the port is taken", "tries again every 5 s"]);
    log.expect(&["WARN", waits, &unix, "a process already listens there", "tries again every 5 s"]);

    predecessor.kill();
    log.expect(&["INFO", &format!("the console of test listens on {tcp} now")]);
    log.expect(&["INFO", &format!("the console of test listens on {unix} now")]);
    assert_eq!(log.lines().iter().filter(|line| line.contains("cannot use an address yet")).count(), 2);
    assert_eq!(script(&Address::Tcp(tcp.parse().unwrap()), "wire echo a\n"), "a\n");
    assert_eq!(script(&Address::Unix(path.clone()), "wire echo a\n"), "a\n");
    assert_eq!(console.addresses().len(), 3, "{console:?}");
    drop(console);
    assert!(!path.exists());
}

#[test]
fn c18_a_console_without_an_address_yet_ends_cleanly() {
    let holder = builder().listen(0).start().unwrap();
    let (log, _guard) = Log::record();
    let console = builder().listen(holder.addresses()[0].to_string()).start_or_warn();
    assert!(console.addresses().is_empty());
    drop(console);
    log.expect(&["the console of test has ended"]);
    assert_eq!(script(&holder.addresses()[0], "wire echo a\n"), "a\n");
}

#[test]
fn c17_of_several_addresses_the_free_ones_are_bound() {
    let directory = Directory::new("some");
    let missing = format!("unix:{}/missing/a.sock", directory.0.display());
    let error = builder().listen(0).listen(missing.as_str()).start().unwrap_err();
    assert!(error.to_string().contains("there is no directory"), "`start()` is strict: {error}");

    let (log, _guard) = Log::record();
    let console = builder().listen(missing.as_str()).listen(0).start_or_warn();
    assert_eq!(console.addresses().len(), 1);
    assert_eq!(script(&console.addresses()[0], "wire echo a\n"), "a\n");
    log.expect(&["WARN", "the console of test skips an address", &missing, "there is no directory"]);

    let console = builder().listen(missing.as_str()).start_or_warn();
    assert!(console.addresses().is_empty());
    log.expect(&["WARN", "the console of test did not start", &missing]);
}

/// The log of a service that was started after these changes to the network.
fn in_a_network(prepare: &str, listen: &str) -> Option<Service> {
    let missing = ["unshare", "ip"].into_iter().find(|program| !is_there(program));
    let may = || Command::new("unshare").args(["-n", "true"]).status().is_ok_and(|status| status.success());
    if missing.is_some() || !may() {
        left_out(&format!("another network: no namespace can be had ({missing:?} is missing)"));
        return None;
    }
    let script = format!("{prepare} && exec \"$@\"");
    Some(Service::start_by(&["unshare", "-n", "sh", "-c", &script, "sh"], "start_or_warn", Some(listen)))
}

#[test]
fn c17_a_host_without_ipv6_is_served_by_the_other_address() {
    let off = "ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6";
    let Some(service) = in_a_network(off, "127.0.0.1:0,[::1]:3000") else { return };
    assert!(
        matches!(service.all("address")[..], [address] if address.starts_with("127.0.0.1:")),
        "{:?}",
        service.said
    );
    let log = service.all("log");
    let warning = log.iter().find(|line| line.starts_with("WARN")).unwrap();
    assert!(
        warning.contains(
            "skips an address: cannot listen on [::1]:3000: this host has no IPv6; write `127.0.0.1:3000`"
        ),
        "{warning}"
    );
}

#[test]
fn c17_localhost_uses_the_family_that_exists() {
    let off = "ip link set lo up && ip address del 127.0.0.1/8 dev lo";
    let Some(service) = in_a_network(off, "localhost:3000, 127.0.0.1:3001") else { return };
    assert_eq!(service.all("address"), ["[::1]:3000"], "{:?}", service.said);
    let log = service.all("log");
    assert!(
        log.iter().any(|line| line.contains("127.0.0.1:3001: this host has no IPv4; write `[::1]:3001`")),
        "{log:?}"
    );
    let none = "ip link set lo up && ip address flush dev lo && ip -6 address flush dev lo";
    let Some(service) = in_a_network(none, "localhost:3000") else { return };
    let log = service.all("log");
    assert!(
        log.iter().any(|line| line.contains("the interface `lo` of this host has no address")),
        "{log:?}"
    );
}

#[test]
fn sessions_go_on_while_another_address_is_retried() {
    let holder = builder().listen(0).start().unwrap();
    let console = builder().listen(0).listen(holder.addresses()[0].to_string()).start_or_warn();
    let mut client = Client::prompted(&console.addresses()[0]);
    let wanted = port(&holder.addresses()[0]);
    thread::scope(|scope| {
        scope.spawn(move || drop(holder));
        let ports = || {
            assert!(client.ask("wire echo a").ends_with("a\r\n"));
            console.addresses().iter().map(port).collect::<Vec<_>>()
        };
        until("the port of the holder", ports, |ports| ports.contains(&wanted));
    });
    assert!(client.ask("wire echo a").ends_with("a\r\n"));
}
