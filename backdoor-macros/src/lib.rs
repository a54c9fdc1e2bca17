//! The attribute and derive macros of `backdoor-runtime`, which re-exports them and documents their use.
//!
//! The stages of a macro are files, and no stage depends on a later one: `keys` reads `key = value` lists, `command` and `argument` give
//! them their meaning, `function` is the annotated function, `options` has the names of its options, and `expand` writes the constant table
//! and the call. `private` names the items of the runtime that the expansion uses. Errors are collected in `errors` and reported together,
//! in source order; the author's function is kept even if the attribute has errors. No stage uses a type's name to decide its meaning:
//! trait constants of the runtime crate do that.

mod argument;
mod associated;
mod build_info;
mod choice;
mod command;
mod conditional;
mod conditions;
mod docs;
mod ends;
mod errors;
mod expand;
mod function;
mod keys;
mod literal_range;
mod literal_text;
mod names;
mod options;
mod parameter;
mod private;
mod repository;
#[cfg(test)]
mod snapshots;
mod track;
mod var;

use proc_macro::TokenStream;

/// Declares a function as a debug command. If the runtime crate has another name, give it as `crate = that_name`.
///
/// See the guide in `backdoor_runtime` for the whole syntax. In short:
///
/// | key | meaning | default |
/// |---|---|---|
/// | `name = "log level"` | what the operator types; a space makes a group | the function's name in kebab-case |
/// | `aliases("ll", ..)` | other names | none |
/// | `hidden` | `help` leaves it out of its lists | shown |
/// | `reads` | it changes nothing | it may change things |
/// | `dangerous` | the operator has to confirm it | no question |
/// | `timeout = "5s"`, `"1h30m"`, `"none"` | how long it may run | the console's limit, 30 s |
/// | `on = console`, `on = helper` | it runs on a thread of the console's; see the guide | where the service's code runs |
/// | `crate = path` | where the runtime crate is found | `::backdoor_runtime` |
///
/// Parameters take `#[arg(..)]`:
///
/// | key | meaning |
/// |---|---|
/// | `long`, `long = "name"` | an option, `--name` |
/// | `short`, `short = 'n'` | an option, `-n` |
/// | `default = expr` | the value of one that is left out |
/// | `range = 1..=100` | the values that are accepted |
/// | `rest` | the raw tail of the line |
/// | `from_str` | parsed by the type's `FromStr` |
/// | `secret` | the console shows its values to no one: see the guide |
/// | `complete = path` | a `fn(&str) -> Vec<String>` that completes a word |
///
/// `#[cfg_attr(.., arg(..), doc = "..")]` is taken too, with at most 4 conditions in one function.
#[proc_macro_attribute]
pub fn backdoor_command(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::command(attribute.into(), item.into()).into()
}

/// Declares a `static` as a variable that operators can read, and set if the author allows it. If the runtime crate has another name, give
/// it as `crate = that_name`.
///
/// See `backdoor_runtime::vars` for the supported types. In short:
///
/// | key | meaning | default |
/// |---|---|---|
/// | `name = "pool-size"` | what the operator types: one word | the static's name in kebab-case |
/// | `unit = "ms"` | the unit of its number | none |
/// | `settable` | an operator may change it | it is read only |
/// | `range = 1..=100` | the values that may be set | all of its type |
/// | `validate = path` | a `fn(&T) -> Result<(), E>` that accepts or refuses a value before it is set; `E: Display` | every value is accepted |
/// | `on_change = path` | a `fn(&T)` that is called with each new value, after all locks are released | none |
/// | `trend` | its numbers are kept over time | they are not |
/// | `hidden` | lists leave it out | shown |
/// | `secret` | dots stand for its value, also in the journal and the log | shown |
/// | `crate = path` | where the runtime crate is found | `::backdoor_runtime` |
///
/// Doc comments are its help. The static itself is unchanged.
#[proc_macro_attribute]
pub fn backdoor_var(attribute: TokenStream, item: TokenStream) -> TokenStream {
    var::variable(attribute.into(), item.into()).into()
}

/// Makes an enum without data a parameter type whose values are bare words. If the runtime crate has another name, give it as
/// `#[choice(crate = that_name)]` on the enum.
///
/// Each variant is a word in kebab-case, with its doc comment as help. `#[choice(name = "..")]` gives it another name and
/// `#[choice(alias = "..")]` further ones. On the enum, `#[choice(serialize)]` implements `serde::Serialize` with the same words, so that
/// an operator can type the words of a reply.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn choice(item: TokenStream) -> TokenStream {
    choice::derive(item.into()).into()
}

/// The expansion of `build_info!()` of the runtime crate, which passes its own path.
#[doc(hidden)]
#[proc_macro]
pub fn build_info_in(krate: TokenStream) -> TokenStream {
    build_info::build_info(krate.into()).into()
}

/// Counts the objects of a struct by the `TrackGuard<Self>` among its fields: see the trait `Track` of the runtime crate. If that crate has
/// another name, give it as `#[track(crate = that_name)]` on the struct.
///
/// The guard is the field called `track`, or the one marked `#[track(guard)]`.
#[proc_macro_derive(Track, attributes(track))]
pub fn track(item: TokenStream) -> TokenStream {
    track::derive(item.into()).into()
}
