//! How a reply becomes text for a person and a value for a machine: the traits that generated code tries in order.
//!
//! A function may return what it likes. Only the macro's call site knows the concrete type, so the choice between `Display`,
//! `Serialize` and the rest is made there, by autoref: the probe's method is looked up with as many `&` as there are rungs, and the
//! compiler takes the first rung whose bounds hold. A rung is a type without data; the types of the rungs make one [`Show`](show::Show),
//! which the compiler alone climbs: one [`Runner`](signature::Runner) serves every command of the same signature.

pub(crate) mod autoref;
pub(crate) mod error;
pub(crate) mod kinds;
mod raw;
pub(crate) mod runner;
pub(crate) mod show;
pub(crate) mod signature;

pub use self::raw::RawAnsi;
