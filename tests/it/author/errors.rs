//! What an author reads of an error, and an operator of one that has sources.

use backdoor_runtime::{Address, Backdoor, Error, vars};

/// `Error: Bind(BindError { place: .., source: Some(Os { code: 98, .. }) })` (newcomer 1.3).
#[test]
fn an_error_that_main_returns_reads_as_a_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error: Error = Backdoor::builder("debug").listen(address.to_string()).start().map(drop).unwrap_err();
    let debug = format!("{error:?}");
    assert!(debug.starts_with(&error.to_string()), "{debug}");
    assert!(debug.starts_with(&format!("cannot listen on {address}: ")), "{debug}");
    assert!(!debug.contains(['{', '"']), "{debug}");
    let error = Backdoor::builder("debug").listen("10.0.0.1:80").start().map(drop).unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
    let error = vars::set("no-such-variable", "1").unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
}

/// `.listen(&address)` with a `String` did not compile (attack L13).
#[test]
fn an_address_may_be_lent_or_given() {
    let text = "127.0.0.1:0".to_owned();
    let bound = |listen: backdoor_runtime::Listen| {
        let backdoor = Backdoor::builder("lent").listen(listen).start().unwrap();
        backdoor.addresses()[0].clone()
    };
    let Address::Tcp(first) = bound((&text).into()) else { panic!("a TCP address was given") };
    assert!(first.ip().is_loopback());
    for listen in
        [text.as_str().into(), std::borrow::Cow::from(&text).into(), text.clone().into_boxed_str().into()]
    {
        bound(listen);
    }
    assert_eq!(bound((&Address::Tcp(first)).into()), Address::Tcp(first));
}
