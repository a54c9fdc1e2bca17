//! Signs that a function is inside an `impl`, which a macro cannot see.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Signature;

/// Words that begin items with a `Self` of their own. `impl` and `union` have other meanings, too; those are not told apart.
const ITEMS: [&str; 5] = ["enum", "impl", "struct", "trait", "union"];

/// The first `Self` that can only be that of an `impl` around this function.
pub(crate) fn self_type(signature: &Signature, body: &TokenStream) -> Option<Ident> {
    if signature.receiver().is_some() {
        return None;
    }
    let inputs = signature.inputs.to_token_stream();
    let in_signature = first_self(inputs).or_else(|| first_self(signature.output.to_token_stream()));
    in_signature.or_else(|| if has_items(body) { None } else { first_self(body.clone()) })
}

/// The first `Self` outside of macro calls, whose arguments may be a language of their own.
fn first_self(tokens: TokenStream) -> Option<Ident> {
    let mut is_macro = false;
    for token in tokens {
        let found = match token {
            TokenTree::Ident(word) if word == "Self" => Some(word),
            TokenTree::Group(group) if !is_macro => first_self(group.stream()),
            TokenTree::Punct(sign) => {
                is_macro = sign.as_char() == '!';
                continue;
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        is_macro = false;
    }
    None
}

fn has_items(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(word) => ITEMS.iter().any(|item| word == item),
        TokenTree::Group(group) => has_items(&group.stream()),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn self_is_found_if_unambiguous() {
        let check = |signature: TokenStream, body: TokenStream, expected: bool| {
            let signature: Signature = syn::parse2(signature).unwrap();
            assert_eq!(self_type(&signature, &body).is_some(), expected, "{body}");
        };
        check(quote!(fn flush() -> Self), quote!({ todo() }), true);
        check(quote!(fn flush(one: Arc<Self>)), quote!({}), true);
        check(
            quote!(fn flush() -> usize),
            quote!({
                if a {
                    Self::b()
                }
            }),
            true,
        );
        check(quote!(fn flush(&self) -> Self), quote!({}), false);
        check(quote!(fn flush() -> usize), quote!({ tokens!(Self) }), false);
        check(
            quote!(fn flush()),
            quote!({
                impl A {
                    fn b() -> Self {}
                }
            }),
            false,
        );
        check(quote!(fn flush()), quote!({ !flushed }), false);
    }
}
