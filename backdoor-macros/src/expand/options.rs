//! Options whose names are in the tokens, and are taken twice. The check at start sees the others.

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::item::Item;
use crate::mistakes::Mistakes;

pub(super) fn check(item: &Item, mistakes: &Mistakes) {
    let mut seen: Vec<String> = Vec::new();
    let mut check = |option: String, at: TokenStream| {
        if seen.contains(&option) {
            mistakes.add(
                at,
                format_args!("`{option}` is taken twice"),
                "give one of the parameters another name",
            );
        } else {
            seen.push(option);
        }
    };
    for parameter in &item.parameters {
        if let Some(long) = &parameter.args.long {
            check(format!("--{}", parameter.long_name()), long.to_token_stream());
        }
        if let Some(short) = &parameter.args.short
            && let Some(letter) = parameter.short_name()
        {
            check(format!("-{letter}"), short.to_token_stream());
        }
    }
}
