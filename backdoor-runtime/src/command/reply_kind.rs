//! How a reply becomes text for a person and a value for a program: the traits that generated code tries in order.
//!
//! A function may return any type. Only the macro's call site knows the concrete type, so the choice between `Display`, `Serialize` and the
//! others is made there, by autoref: the probe's method is called on as many `&` as there are kinds, and the compiler takes the first kind
//! whose bounds hold. A kind is a type without data; the types of the kinds make one [`Show`](show::Show) at compile time, so that one
//! [`Runner`](signature::Runner) serves every command of the same signature.

pub(crate) mod autoref;
pub(crate) mod error;
pub(crate) mod kinds;
mod raw;
pub(crate) mod runner;
pub(crate) mod show;
pub(crate) mod signature;

pub use self::raw::RawAnsi;
