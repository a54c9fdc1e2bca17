//! Every kind of reply, for types that have several, and every way of wrapping them.

use std::fmt::{self, Display, Write};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use backdoor_runtime::{Backdoor, CommandOutput, Page, Status, Value, backdoor_command};
use futures_core::Stream;
use serde::Serialize;

use super::{check, check_error, check_json};

macro_rules! implement {
    ($name:ident: $($trait:ident)*) => {
        struct $name;
        $(implement!(@ $trait $name);)*
    };
    (@ Output $name:ident) => {
        impl CommandOutput for $name {
            fn text(&self, page: &mut Page<'_>) -> fmt::Result {
                page.write_str("output")
            }

            fn value(&self) -> Value {
                "value".into()
            }
        }
    };
    (@ Stream $name:ident) => {
        impl Stream for $name {
            type Item = &'static str;

            fn poll_next(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<&'static str>> {
                std::task::Poll::Ready(None)
            }
        }
    };
    (@ Iterator $name:ident) => {
        impl Iterator for $name {
            type Item = &'static str;

            fn next(&mut self) -> Option<&'static str> {
                None
            }
        }
    };
    (@ Display $name:ident) => {
        impl Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("display")
            }
        }
    };
    (@ Serialize $name:ident) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str("serialize")
            }
        }
    };
    (@ Debug $name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("debug")
            }
        }
    };
}

implement!(Everything: Output Stream Iterator Display Serialize Debug);
implement!(FromStream: Stream Iterator Display Serialize Debug);
implement!(FromIterator: Iterator Display Serialize Debug);
implement!(FromDisplay: Display Serialize Debug);
implement!(FromSerialize: Serialize Debug);
implement!(FromDebug: Debug);
implement!(DisplayAndDebug: Display Debug);

macro_rules! kind {
    ($name:literal, $name_async:literal, $name_wrapped:literal, $function:ident, $type:ident, $text:literal, $json:literal) => {
        #[test]
        fn $function() {
            #[backdoor_command(name = $name)]
            fn plain() -> $type {
                $type
            }

            #[backdoor_command(name = $name_async)]
            async fn awaited() -> $type {
                $type
            }

            #[backdoor_command(name = $name_wrapped)]
            fn wrapped() -> Result<Option<$type>, String> {
                Ok(Some($type))
            }

            for name in [$name, $name_async, $name_wrapped] {
                check(name, $text);
                check_json(name, $json);
            }
            let _ = (plain(), awaited(), wrapped());
        }
    };
}

kind!(
    "kind output",
    "kind output-async",
    "kind output-in",
    output_is_first,
    Everything,
    "output\n",
    "\"value\""
);
kind!("kind stream", "kind stream-async", "kind stream-in", stream_is_second, FromStream, "(none)\n", "[]");
kind!(
    "kind iterator",
    "kind iterator-async",
    "kind iterator-in",
    iterator_is_third,
    FromIterator,
    "(none)\n",
    "[]"
);
kind!(
    "kind display",
    "kind display-async",
    "kind display-in",
    display_is_fourth,
    FromDisplay,
    "display\n",
    "\"serialize\""
);
kind!(
    "kind serialize",
    "kind serialize-async",
    "kind serialize-in",
    serialize_comes_before_debug,
    FromSerialize,
    "serialize\n",
    "\"serialize\""
);
kind!("kind debug", "kind debug-async", "kind debug-in", debug_is_last, FromDebug, "debug\n", "\"debug\"");
kind!(
    "kind text",
    "kind text-async",
    "kind text-in",
    text_is_the_value_without_serialize,
    DisplayAndDebug,
    "display\n",
    "\"display\""
);

#[test]
fn familiar_types_of_the_standard_library_come_before_serialize() {
    #[backdoor_command(name = "kind duration")]
    fn duration() -> Duration {
        Duration::from_secs(90)
    }

    #[backdoor_command(name = "kind path")]
    fn path() -> Option<PathBuf> {
        Some("/tmp".into())
    }

    check("kind duration", "1m30s\n");
    check("kind path", "/tmp\n");
    check_json("kind path", "\"/tmp\"");
    let _ = (duration(), path());
}

#[backdoor_command(name = "reply never")]
fn never() -> ! {
    panic!("gone")
}

#[backdoor_command(name = "reply display")]
fn opaque(n: u8) -> impl Display {
    n
}

#[backdoor_command(name = "reply nested")]
async fn nested(n: u8) -> Result<Option<u8>, anyhow::Error> {
    match n {
        0 => Ok(None),
        1 => Ok(Some(1)),
        _ => anyhow::bail!("too many"),
    }
}

#[backdoor_command(name = "reply deep")]
fn deep(n: u8) -> Option<Result<u8, fmt::Error>> {
    match n {
        0 => None,
        1 => Some(Ok(1)),
        _ => Some(Err(fmt::Error)),
    }
}

#[backdoor_command(name = "reply deeper")]
fn deeper(n: u8) -> Result<Option<Result<u8, String>>, String> {
    match n {
        0 => Err("outer".to_owned()),
        1 => Ok(None),
        2 => Ok(Some(Err("inner".to_owned()))),
        n => Ok(Some(Ok(n))),
    }
}

#[backdoor_command(name = "reply rc")]
fn rc() -> Rc<str> {
    "counted".into()
}

#[backdoor_command(name = "reply rc-list")]
fn rc_list() -> impl Iterator<Item = Rc<str>> {
    let own: Rc<str> = "counted".into();
    vec![own.clone(), own].into_iter()
}

#[backdoor_command(name = "reply stream")]
fn stream() -> impl Stream<Item = u8> {
    tokio_stream::iter([1, 2])
}

#[backdoor_command(name = "reply stream-async")]
async fn stream_async() -> Result<impl Stream<Item = Result<Option<u8>, String>>, String> {
    Ok(tokio_stream::iter([Ok(Some(1)), Ok(None), Ok(Some(2)), Err("broken".to_owned()), Ok(Some(3))]))
}

#[backdoor_command(name = "reply iterator")]
fn iterator() -> impl Iterator<Item = Result<u8, String>> {
    [Ok(1), Err("broken".to_owned()), Ok(2)].into_iter()
}

#[backdoor_command(name = "reply boxed")]
fn boxed() -> Box<dyn Iterator<Item = String>> {
    Box::new(["a".to_owned(), "b".to_owned()].into_iter())
}

#[backdoor_command(name = "reply pinned")]
async fn pinned() -> std::pin::Pin<Box<dyn Stream<Item = u8> + Send>> {
    Box::pin(tokio_stream::iter([1, 2]))
}

#[backdoor_command(name = "reply ranges")]
fn ranges() -> impl Iterator<Item = std::ops::Range<u8>> {
    [0..1, 1..2].into_iter()
}

#[backdoor_command(name = "reply unit")]
fn unit() {}

#[backdoor_command(name = "reply static")]
fn text() -> &'static str {
    "text\n"
}

#[backdoor_command(name = "reply tuple")]
fn tuple() -> (u8, String) {
    (1, "one".to_owned())
}

#[test]
fn a_command_that_does_not_return_says_why() {
    let answer = Backdoor::testing().run("reply never");
    assert_eq!(answer.status, Status::Panicked);
    let _: fn() -> ! = never;
}

#[test]
fn results_and_options_are_peeled() {
    check("reply display 3", "3\n");
    check("reply nested 0", "(none)\n");
    check_json("reply nested 0", "null");
    check("reply nested 1", "1\n");
    check_error("reply nested 2", Status::Failed, "too many");
    check("reply deep 0", "(none)\n");
    check("reply deep 1", "1\n");
    check_error("reply deep 2", Status::Failed, &fmt::Error.to_string());
    assert_eq!(opaque(1).to_string(), "1");
    assert_eq!(deep(1), Some(Ok(1)));
    drop(nested(1));
}

#[test]
fn three_wrappings_are_peeled() {
    check_error("reply deeper 0", Status::Failed, "outer");
    check("reply deeper 1", "(none)\n");
    check("reply deeper 3", "3\n");
    check_error("reply deeper 2", Status::Failed, "inner");
    assert_eq!(deeper(3), Ok(Some(Ok(3))));
}

#[test]
fn replies_come_in_pieces() {
    check("reply stream", "1\n2\n");
    check_json("reply stream", "[1,2]");
    let answer = Backdoor::testing().run("reply stream-async");
    assert_eq!((answer.status, answer.error.as_deref()), (Status::Failed, Some("broken")));
    assert!(answer.text.starts_with("1\n2\n"), "{}", answer.text);
    let answer = Backdoor::testing().run("reply iterator");
    assert_eq!((answer.status, answer.error.as_deref()), (Status::Failed, Some("broken")));
    check("reply boxed", "a\nb\n");
    check("reply pinned", "1\n2\n");
    check_json("reply ranges", "[{\"start\":0,\"end\":1},{\"start\":1,\"end\":2}]");
    let _ = (stream(), stream_async(), iterator(), boxed(), pinned(), ranges());
}

#[test]
fn a_synchronous_function_may_return_a_non_send_value() {
    check("reply rc", "counted\n");
    check("reply rc-list", "counted\ncounted\n");
    assert_eq!(rc_list().next(), Some(rc()));
}

#[test]
fn plain_values_are_shown() {
    check("reply unit", "");
    check_json("reply unit", "null");
    check("reply static", "text\n");
    check_json("reply tuple", "[1,\"one\"]");
    unit();
    let _ = (text(), tuple());
}
