//! Errors as an author reads them, and errors with sources as an operator reads them.

use std::fmt;

use backdoor_runtime::{Address, Backdoor, Error, backdoor_command, vars};

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
fn listen_takes_owned_and_borrowed_addresses() {
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

/// An error with a source, in the form of `thiserror`.
#[derive(Debug)]
struct Failed(&'static str, Option<Box<dyn std::error::Error + Send + Sync>>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1.as_deref().map(|source| source as _)
    }
}

fn cannot_read() -> Failed {
    Failed("cannot read the configuration", Some(std::io::Error::from_raw_os_error(2).into()))
}

#[backdoor_command(name = "author cause", reads)]
fn cause() -> Result<String, Failed> {
    Err(cannot_read())
}

#[backdoor_command(name = "author cause-async", reads)]
async fn cause_async() -> Option<Result<u8, Failed>> {
    Some(Err(cannot_read()))
}

#[backdoor_command(name = "author cause-inside", reads)]
fn cause_inside() -> Result<Option<Vec<u8>>, Failed> {
    Err(cannot_read())
}

#[backdoor_command(name = "author cause-boxed", reads)]
fn cause_boxed() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Err(cannot_read().into())
}

#[backdoor_command(name = "author cause-local", reads)]
fn cause_local() -> Result<(), Box<dyn std::error::Error>> {
    Err(cannot_read().into())
}

#[backdoor_command(name = "author cause-anyhow", reads)]
fn cause_anyhow() -> anyhow::Result<()> {
    Err(anyhow::Error::from(cannot_read()))
}

#[backdoor_command(name = "author cause-item", reads)]
fn cause_item() -> impl Iterator<Item = Result<u8, Failed>> {
    [Ok(1), Err(cannot_read())].into_iter()
}

#[backdoor_command(name = "author cause-nested", reads)]
fn cause_nested() -> Result<Result<u8, Failed>, String> {
    Ok(Err(cannot_read()))
}

#[backdoor_command(name = "author cause-repeated", reads)]
fn cause_repeated() -> Result<(), Failed> {
    let source = Failed("no such file", None);
    Err(Failed("cannot start: no such file", Some(source.into())))
}

#[backdoor_command(name = "author cause-text", reads)]
fn cause_text() -> Result<(), String> {
    Err("it is late".to_owned())
}

/// It was `error: cannot read the configuration`, without the missing file (author A15).
#[test]
fn regression_an_error_is_shown_with_its_sources() {
    let console = Backdoor::testing();
    let whole = "error: cannot read the configuration: No such file or directory (os error 2)\n";
    for name in ["", "-async", "-inside", "-boxed", "-local", "-anyhow"] {
        assert_eq!(console.run(&format!("author cause{name}")).text, whole, "{name}");
    }
    assert_eq!(console.run("author cause-item").text, format!("1\n{whole}"));
    assert_eq!(console.run("author cause-repeated").text, "error: cannot start: no such file\n");
    assert_eq!(console.run("author cause-text").text, "error: it is late\n");
    // If one of two nested errors is only text, both are shown as text.
    assert_eq!(console.run("author cause-nested").text, "error: cannot read the configuration\n");
}

#[test]
fn regression_json_lists_each_source_of_an_error() {
    let console = Backdoor::testing();
    let json = r#"{"error":{"status":"failed","message":"cannot read the configuration","caused_by":["No such file or directory (os error 2)"]}}"#;
    for name in ["", "-async", "-boxed"] {
        assert_eq!(console.run(&format!("author cause{name} --json")).text, format!("{json}\n"), "{name}");
    }
    let without = r#"{"error":{"status":"failed","message":"cannot start: no such file"}}"#;
    assert_eq!(console.run("author cause-repeated --json").text, format!("{without}\n"));
}
