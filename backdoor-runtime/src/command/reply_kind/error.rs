//! How the error of a reply is shown: with its sources, if its type has sources.

use std::any::Any;
use std::error::Error;
use std::fmt::Display;

use crate::base::causes;
use crate::call::failure::Failure;

/// An error that an operator can read.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a backdoor command",
    label = "not an error type the operator can read",
    note = "implement `Display` for `{Self}`, or convert it with `.map_err(..)`; `anyhow::Error`, `std::io::Error`, `String` and `&str` work as they are"
)]
pub trait ReplyError {
    /// The text after `error: `.
    #[doc(hidden)]
    fn text(&self) -> String;
}

#[diagnostic::do_not_recommend]
impl<E: Display> ReplyError for E {
    fn text(&self) -> String {
        format!("{self:#}")
    }
}

/// The kind for types that implement `std::error::Error`.
pub struct WithSources;
/// The kind for types that are only text.
pub struct TextAlone;

/// Makes a failure from an error of type `E`.
pub trait Fails<E> {
    /// The failure.
    fn failure(error: E) -> Failure;
}

impl<E: Error> Fails<E> for WithSources {
    fn failure(error: E) -> Failure {
        because(&error)
    }
}

/// A box of any error does not implement `Error` itself.
impl<E: ReplyError + 'static> Fails<E> for TextAlone {
    fn failure(error: E) -> Failure {
        let any: &dyn Any = &error;
        if let Some(error) = any.downcast_ref::<Box<dyn Error + Send + Sync>>() {
            return because(&**error);
        }
        if let Some(error) = any.downcast_ref::<Box<dyn Error + Send>>() {
            return because(&**error);
        }
        if let Some(error) = any.downcast_ref::<Box<dyn Error>>() {
            return because(&**error);
        }
        Failure::failed(error.text())
    }
}

fn because(error: &(impl Error + ?Sized)) -> Failure {
    let text = format!("{error:#}");
    let causes = causes::causes(&text, error);
    Failure::failed_because(text, causes)
}
