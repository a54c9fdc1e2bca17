//! Valid addresses, and the messages for invalid ones.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, shown: &str, plain: bool) {
    let endpoint = Listen::from(text).endpoint().unwrap();
    assert_eq!((endpoint.place.to_string().as_str(), endpoint.plain), (shown, plain), "{text:?}");
}

#[track_caller]
fn check_error(text: &str, reason: &str) {
    let error = Listen::from(text).endpoint().unwrap_err().to_string();
    assert_eq!(error, format!("cannot listen on `{text}`: {reason}"));
}

#[test]
fn every_form_is_read() {
    check("3000", "127.0.0.1:3000", false);
    check(" 0 ", "127.0.0.1:0", false);
    check("3000:3010", "127.0.0.1:3000:3010", false);
    check("3000:3000", "127.0.0.1:3000", false);
    check("127.0.0.1:3000", "127.0.0.1:3000", false);
    check("127.1.2.3:65535", "127.1.2.3:65535", false);
    check("127.0.0.1:3000:3010", "127.0.0.1:3000:3010", false);
    check("localhost:3000", "localhost:3000", false);
    check("LocalHost:3000:3010", "localhost:3000:3010", false);
    check("[::1]:3000", "[::1]:3000", false);
    check("[::1]:3000:3010", "[::1]:3000:3010", false);
    check("[::ffff:127.0.0.1]:3000", "127.0.0.1:3000", false);
    check("plain:3000", "127.0.0.1:3000", true);
    check("plain:[::1]:0", "[::1]:0", true);
    check("unix:/run/shop.sock", "unix:/run/shop.sock", true);
    let pid = process::id();
    check("plain:unix:/run/{pid}/a-{pid}.sock", &format!("unix:/run/{pid}/a-{pid}.sock"), true);
    assert!(Listen::from("3000").plain().endpoint().unwrap().plain);
}

#[test]
fn ports_and_socket_addresses_are_taken() {
    assert_eq!(Listen::from(3000), Listen::from("3000"));
    assert_eq!(Listen::from("3000".to_owned()), Listen::from("3000"));
    let v6: SocketAddr = "[::1%3]:80".parse().unwrap();
    assert_eq!(Listen::from(v6), Listen::from("[::1]:80"));
}

#[test]
fn other_hosts_are_refused_with_the_reason() {
    for text in [
        "0.0.0.0:3000",
        "10.0.0.1:3000",
        "[::]:3000",
        "[::ffff:0.0.0.0]:3000",
        "example.com:3000",
        "example.com",
        "*:3000",
        "256.0.0.1:3000",
        "plain:192.168.0.1:3000:3010",
    ] {
        check_error(text, NOT_LOOPBACK);
    }
}

#[test]
fn mistakes_are_named() {
    check_error("", &format!("there is no address; {FORMS}"));
    check_error("plain:", &format!("there is no address; {FORMS}"));
    check_error("tcp:3000", "`tcp:` does not belong to an address; write `3000`");
    check_error("tcp://[::1]:3000", "`tcp:` does not belong to an address; write `[::1]:3000`");
    let http = "`http:` does not belong to an address; write `127.0.0.1:3000`";
    check_error("http://127.0.0.1:3000/", http);
    check_error("HTTP://example.org/", "`HTTP:` does not belong to an address; write `3000`");
    check_error("shop", &format!("that is not an address; {FORMS}"));
    check_error("127.0.0.1", "the port is missing; write `127.0.0.1:3000`");
    check_error("localhost", "the port is missing; write `localhost:3000`");
    check_error("localhost:", &format!("the port is missing; {FORMS}"));
    check_error("3000:", &format!("the port is missing; {FORMS}"));
    check_error("[::1]", "the port is missing; write `[::1]:3000`");
    check_error("[::1", "the `]` is missing; write `[::1]:3000`");
    check_error("[127.0.0.1]:80", "that is not an IPv6 address in brackets; write `[::1]:3000`");
    for text in ["::1", "::1:3000", "::1:3000:3010"] {
        check_error(text, "an IPv6 address stands in brackets, with a port after it; write `[::1]:3000`");
    }
    check_error("70000", "port 70000 is out of range 0..=65535");
    check_error("3000:70000", "port 70000 is out of range 0..=65535");
    for range in ["3000-3010", "3000..3010", "3000..=3010", "3000\u{2013}3010", "localhost:3000-3010"] {
        check_error(range, "a range is written `3000:3010`");
    }
    check_error("3010-3000", &format!("`3010-3000` is not a port; {FORMS}"));
    check_error("localhost:+80", &format!("`+80` is not a port; {FORMS}"));
    check_error("1:2:3", &format!("`2:3` is not a port; {FORMS}"));
    check_error("3010:3000", "the range is backwards; write `3000:3010`");
    check_error("0:10", "a range of ports begins at 1 or above; `0` alone is any free port");
    check_error("unix:", "the path is missing; write `unix:/path/to.sock`");
    check_error("unix:/run/", "that is a directory; add a file name, such as `shop.sock`");
    let known = "is not a placeholder; a path may contain `{pid}` and `{host}`";
    for unknown in ["{foo}", "{}", "{PID}", "{{pid}"] {
        check_error(&format!("unix:/run/{{pid}}-{unknown}.sock"), &format!("`{unknown}` {known}"));
    }
    check("unix:/run/}{.sock", "unix:/run/}{.sock", true);
    let nul = Listen::from("unix:/a\0b").endpoint().unwrap_err().to_string();
    assert!(nul.ends_with("a path cannot contain NUL") && !nul.contains('\0'), "{nul}");
}

#[test]
fn c19_an_invalid_address_is_named_with_a_correction() {
    let quoted = |bare: &str| {
        format!("the quotes are part of the value; write {bare} (docker's `--env-file` keeps quotes)")
    };
    for quotes in
        ["\"127.0.0.1:3118\"", "'127.0.0.1:3118'", "\u{201c}127.0.0.1:3118\u{201d}", "127.0.0.1:3118\""]
    {
        check_error(quotes, &quoted("127.0.0.1:3118"));
    }
    check_error("\"off\"", &quoted("off"));
    let removed = "the quotes are part of the value; remove them (docker's `--env-file` keeps quotes)";
    check_error("\"shop\"", removed);
    check_error("\"\"", removed);
    for path in ["/run/x.sock", "./x.sock", "../x.sock", "run/x.sock"] {
        check_error(path, &format!("a path begins with `unix:`; write `unix:{path}`"));
    }
    for path in ["file:/run/x.sock", "UNIX:/run/x.sock", "unix-connect:/run/x.sock", "plain:/run/x.sock"] {
        check_error(path, "a path begins with `unix:`; write `unix:/run/x.sock`");
    }
    check_error("unix:~/x.sock", "only a shell expands `~`; write the whole path");
    check_error(":3118", "the host in front of the `:` is missing; write `3118` for 127.0.0.1");
    check_error(":3118:3120", "the host in front of the `:` is missing; write `3118:3120` for 127.0.0.1");
    for off in ["false", "No", "none", "disabled"] {
        let error = parse_list(off).unwrap_err().to_string();
        let reason = "that is not an address; write `off` to switch the console off";
        assert_eq!(error, format!("cannot listen on `{off}`: {reason}"));
    }
}

#[test]
fn c20_a_path_differs_between_containers_too() {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    check("unix:/run/{host}-{pid}.sock", &format!("unix:/run/{host}-{}.sock", process::id()), true);
}

#[test]
fn a_list_may_be_empty_or_off() {
    let check = |text: &str, expected: &[&str]| {
        let places: Vec<_> = parse_list(text).unwrap().iter().map(|at| at.place.to_string()).collect();
        assert_eq!(places, expected, "{text:?}");
    };
    check("", &[]);
    check(" ,\n", &[]);
    check(" off ", &[]);
    check("OFF", &[]);
    check("3000", &["127.0.0.1:3000"]);
    check("3000, unix:/run/a.sock\t[::1]:0,", &["127.0.0.1:3000", "unix:/run/a.sock", "[::1]:0"]);
    let error = |text| parse_list(text).unwrap_err().to_string();
    assert_eq!(
        error("3000,off"),
        "cannot listen on `off`: `off` stands alone; remove it, or the addresses beside it"
    );
    assert_eq!(error("3000 0.0.0.0:1"), format!("cannot listen on `0.0.0.0:1`: {NOT_LOOPBACK}"));
}

#[test]
fn an_address_given_twice_is_bound_once() {
    let check = |text: &str, expected: &[&str]| {
        let once = each_once(parse_list(text).unwrap());
        let places: Vec<_> = once.iter().map(|at| at.place.to_string()).collect();
        assert_eq!(places, expected, "{text:?}");
    };
    check("3000 127.0.0.1:3000 [::1]:3000", &["127.0.0.1:3000", "[::1]:3000"]);
    check("unix:/run/a.sock 3000 unix:/run/a.sock", &["unix:/run/a.sock", "127.0.0.1:3000"]);
    // Each of these binds another port.
    check(
        "0 0 3000:3010 3000:3010",
        &["127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:3000:3010", "127.0.0.1:3000:3010"],
    );
}

#[test]
fn the_bound_address_can_be_parsed_again() {
    assert_eq!(Address::Tcp("[::1]:80".parse().unwrap()).to_string(), "[::1]:80");
    assert_eq!(Address::Unix("/run/a.sock".into()).to_string(), "unix:/run/a.sock");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn any_text_is_a_local_address_or_an_error(
        parts in prop::collection::vec(
            prop_oneof![
                "[0-9.:\\[\\], -]{0,6}",
                "\\PC{0,3}",
                prop::sample::select(vec![
                    "plain:", "unix:", "unix:/run/{pid}.sock", "127.0.0.1", "localhost", "[::1]", "::1", ":", "3000",
                    "3000:3010", "65536", "\"", "-", "/run/a.sock", "[::ffff:10.0.0.1]", "off", "/", "\0", "\u{1b}[2J",
                ]).prop_map(str::to_owned),
            ],
            0..5,
        ),
    ) {
        let text = parts.concat();
        match Listen::from(text.as_str()).endpoint() {
            Ok(endpoint) => {
                if let Place::Tcp { host, first, last } = endpoint.place {
                    prop_assert!(host.candidates().iter().all(IpAddr::is_loopback) && first <= last);
                    // The shown form can be parsed again.
                    let shown = Listen::from(endpoint.place.to_string()).endpoint();
                    prop_assert_eq!(shown.map(|shown| shown.place), Ok(endpoint.place));
                } else {
                    prop_assert!(endpoint.plain);
                }
            }
            Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
        }
        if let Err(error) = parse_list(&text) {
            prop_assert!(!error.to_string().contains(char::is_control));
        }
    }
}
