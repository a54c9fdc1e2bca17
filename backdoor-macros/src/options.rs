//! Options that are taken twice, if their names are in the tokens. The startup check finds the others.

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::errors::Errors;
use crate::parameter::Parameter;

/// The options of the parameters so far.
#[derive(Default)]
pub(crate) struct Options(Vec<String>);

impl Options {
    /// Adds the options of the next parameter.
    pub(crate) fn take(&mut self, parameter: &Parameter, errors: &Errors) {
        if let Some(long) = &parameter.args.long {
            self.add(format!("--{}", parameter.long_name()), long.to_token_stream(), errors);
        }
        if let Some(short) = &parameter.args.short
            && let Some(letter) = parameter.short_name()
        {
            self.add(format!("-{letter}"), short.to_token_stream(), errors);
        }
    }

    fn add(&mut self, option: String, at: TokenStream, errors: &Errors) {
        if self.0.contains(&option) {
            errors.add(
                at,
                format_args!("`{option}` is taken twice"),
                "give one of the parameters another name",
            );
        } else {
            self.0.push(option);
        }
    }
}
