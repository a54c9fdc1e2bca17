//! Snapshots of the macros' expansions, one file for each feature in `snapshots/`, and rules for all of them.
//! `BLESS=1 cargo test -p backdoor-macros` (or `cargo xtask bless`) rewrites the files.

use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{format_ident, quote};

use crate::{choice, expand, track, var};

/// The author's own names all begin with `author` or `Author`, so that [`leaks`] recognizes them.
fn cases() -> Vec<(&'static str, TokenStream)> {
    let command = |name, attribute, function| (name, expand::command(attribute, function));
    vec![
        command(
            "cfg_attr",
            quote!(),
            quote! {
                #[cfg_attr(author, doc = "Of one")]
                fn author_either(
                    #[cfg_attr(not(author), arg(long), doc = "How many")] author_one: AuthorNumber,
                ) {}
            },
        ),
        command(
            "plain",
            quote!(),
            quote! {
                /// Add two numbers
                fn author_add(author_one: AuthorNumber, author_two: AuthorNumber) -> AuthorNumber {
                    author_one + author_two
                }
            },
        ),
        command(
            "async",
            quote!(reads),
            quote! {
                pub async fn author_wait() -> AuthorReply {}
            },
        ),
        command(
            "no_return",
            quote!(),
            quote!(
                fn author_flush() {}
            ),
        ),
        command(
            "never",
            quote!(),
            quote!(
                fn author_stop() -> ! {
                    loop {}
                }
            ),
        ),
        command(
            "options",
            quote!(),
            quote! {
                fn author_options(
                    /// How many
                    #[arg(long)] author_by: AuthorNumber,
                    #[arg(short = 'n')] author_count: AuthorNumber,
                    #[arg(long = "for-time", short)] author_time: AuthorTime,
                ) {}
            },
        ),
        command(
            "default_and_range",
            quote!(),
            quote! {
                fn author_defaults(
                    #[arg(default = 10, range = 1..=100)] author_literal: AuthorNumber,
                    #[arg(default = author_default(), range = AUTHOR_LOW..)] author_call: AuthorNumber,
                ) {}
            },
        ),
        command(
            "rest",
            quote!(),
            quote!(
                fn author_rest(#[arg(rest)] author_tail: AuthorText) {}
            ),
        ),
        command(
            "secret",
            quote!(),
            quote!(
                fn author_login(
                    #[arg(secret)] author_pin: AuthorNumber,
                    #[arg(long, secret)] author_key: AuthorText,
                ) {
                }
            ),
        ),
        command(
            "from_str",
            quote!(),
            quote! {
                fn author_from_str(
                    #[arg(from_str)] author_one: AuthorType,
                    #[arg(long, from_str, default = author_default(), range = AUTHOR_LOW..)] author_two: AuthorType,
                ) {}
            },
        ),
        command(
            "complete",
            quote!(),
            quote!(
                fn author_complete(#[arg(complete = author_names)] author_one: AuthorText) {}
            ),
        ),
        command(
            "pattern",
            quote!(),
            quote!(
                fn author_pattern(AuthorState(author_state): AuthorState<AuthorLogs>) {}
            ),
        ),
        command(
            "groups_and_aliases",
            quote!(name = "log level", aliases("ll", "level"), hidden),
            quote! {
                /// Set the log level
                ///
                /// Lasts until the process exits.
                fn author_level() {}
            },
        ),
        command(
            "dangerous",
            quote!(dangerous, timeout = "5s"),
            quote!(
                fn author_drop() {}
            ),
        ),
        command(
            "builtin",
            quote!(name = "help", builtin = "console", reads),
            quote!(
                fn author_help() {}
            ),
        ),
        command(
            "helper",
            quote!(reads, on = helper, timeout = "none"),
            quote!(
                fn author_view() {}
            ),
        ),
        command(
            "crate_path",
            quote!(crate = author_framework::console),
            quote!(
                fn author_flush() {}
            ),
        ),
        command(
            "cfg",
            quote!(),
            quote! {
                #[cfg(unix)]
                #[cfg_attr(author, inline, cfg(author))]
                fn author_unix() {}
            },
        ),
        command(
            "doc_expression",
            quote!(),
            quote! {
                /// Set the level
                #[doc = author_text!("author.md")]
                fn author_documented() {}
            },
        ),
        (
            "var",
            var::variable(
                quote!(unit = "ms"),
                quote! {
                    /// How long
                    static AUTHOR_TIME: AuthorAtomic = AuthorAtomic::new(3);
                },
            ),
        ),
        (
            "var_settable",
            var::variable(
                quote!(
                    name = "time",
                    settable,
                    range = 1..=5,
                    validate = author_judge,
                    on_change = author_told
                ),
                quote! {
                    static AUTHOR_TIME: AuthorAtomic = AuthorAtomic::new(3);
                },
            ),
        ),
        (
            "choice",
            choice::derive(quote! {
                enum AuthorLevel {
                    /// Everything
                    Debug,
                    #[choice(name = "none", alias = "off")]
                    Nothing,
                }
            }),
        ),
        (
            "track",
            track::derive(quote! {
                struct AuthorLease<'author> {
                    author_holder: &'author AuthorText,
                    track: AuthorGuard<Self>,
                }
            }),
        ),
        (
            "track_generic",
            track::derive(quote! {
                struct AuthorPool<AuthorItem>(
                    AuthorItems<AuthorItem>,
                    #[track(guard)] AuthorGuard<Self>,
                );
            }),
        ),
    ]
}

#[test]
fn expansions_are_as_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/snapshots");
    let bless = std::env::var_os("BLESS").is_some();
    let mut differing = Vec::new();
    for (name, expansion) in cases() {
        let file = syn::parse2(expansion).expect("an expansion is Rust");
        let text = prettyplease::unparse(&file);
        let path = folder.join(format!("{name}.rs"));
        if bless {
            std::fs::write(&path, text).expect("the folder can be written to");
        } else if std::fs::read_to_string(&path).ok().as_deref() != Some(&text) {
            differing.push(format!("{}:\n{text}", path.display()));
        }
    }
    assert!(differing.is_empty(), "BLESS=1 accepts these:\n\n{}", differing.join("\n"));
}

#[test]
fn every_name_lies_in_the_private_module() {
    for (name, expansion) in cases() {
        let leaks = leaks(own(expansion));
        assert!(leaks.is_empty(), "{name} names {leaks:?}");
    }
}

#[test]
fn leaked_names_are_detected() {
    let check = |tokens: TokenStream, leak: &str| assert_eq!(leaks(tokens), [leak]);
    check(
        quote!(
            const _: () = ::core::mem::drop(1);
        ),
        "::core",
    );
    check(quote!(let __backdoor_one = Some(__backdoor::Two);), "Some");
    check(quote!(__backdoor::One { two: std::vec::Vec::new() }), "std");
    check(quote!(__backdoor::call(|call| __backdoor::run())), "call");
    assert!(
        leaks(quote!(
            use ::backdoor_runtime::private as __backdoor;
        ))
        .is_empty()
    );
}

#[test]
fn expansions_grow_with_their_parameters_and_no_faster() {
    let bytes = |options: usize, attribute: TokenStream| {
        let parameters = (0..options).map(|at| {
            let name = format_ident!("option_{at}");
            quote!(#[arg(#attribute)] #name: u8)
        });
        expand::command(quote!(), quote!(fn run(#(#parameters),*) {})).to_string().len()
    };
    for attribute in [quote!(long), quote!(long, short, default = 3, range = 1..=5), quote!(from_str)] {
        let sizes = [5, 10, 20].map(|options| bytes(options, attribute.clone()));
        for step in sizes.windows(2) {
            let growth = step[1] as f64 / step[0] as f64;
            assert!(growth <= 2.2, "{attribute}: {sizes:?} bytes for 5, 10 and 20");
        }
    }
}

/// The expansion without the author's code: the contents of `const _: () = { .. };`.
fn own(expansion: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = expansion.into_iter().collect();
    let Some(TokenTree::Group(block)) = tokens.iter().rev().nth(1) else {
        panic!("an expansion ends in a block and a semicolon");
    };
    block.stream()
}

/// Names other than the author's, those of a field, a method or a binding of ours, and those after the private module's name.
fn leaks(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    find_leaks(tokens, &mut found);
    found
}

fn find_leaks(tokens: TokenStream, found: &mut Vec<String>) {
    const WORDS: [&str; 18] = [
        "as", "const", "crate", "false", "fn", "for", "impl", "let", "match", "mut", "self", "static",
        "true", "type", "use", "where", "Self", "_",
    ];
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let text = |at: usize| tokens.get(at).map(ToString::to_string).unwrap_or_default();
    let is_colons = |at: usize| text(at) == ":" && text(at + 1) == ":";
    for (at, token) in tokens.iter().enumerate() {
        let before = |back: usize| at.checked_sub(back).map(text).unwrap_or_default();
        let after_colons = before(1) == ":" && before(2) == ":";
        match token {
            // The list of a `use`, or an attribute of the language.
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && after_colons => {}
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket && before(1) == "#" => {}
            TokenTree::Group(group) => find_leaks(group.stream(), found),
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                let is_field = before(1) == "." || (text(at + 1) == ":" && !is_colons(at + 1));
                let is_rooted = after_colons
                    && (before(3) == ">"
                        || matches!(tokens.get(at.wrapping_sub(3)), Some(TokenTree::Ident(_))));
                let is_author = name.to_lowercase().starts_with("author");
                let is_ours = name.starts_with("__backdoor") || name.starts_with("__BACKDOOR");
                let is_word = before(1) == "fn" || before(1) == "'" || WORDS.contains(&name.as_str());
                if after_colons && !is_rooted {
                    if name != "backdoor_runtime" {
                        found.push(format!("::{name}"));
                    }
                } else if !(is_rooted || is_field || is_author || is_ours || is_word) {
                    found.push(name);
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}
