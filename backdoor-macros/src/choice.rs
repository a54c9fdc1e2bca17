//! `#[derive(Choice)]`: an enum whose values are bare words.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Data, DeriveInput, Ident, LitStr, Meta, Path};

use crate::errors::Errors;
use crate::keys::{self, Key};
use crate::private::{import, private};
use crate::{command, docs, names};

const PLACE: &str = "#[choice(..)]";

/// Expands the derive, or reports the errors.
pub(crate) fn derive(tokens: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(tokens) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let errors = Errors::default();
    let args = EnumArgs::read(&input.attrs, &errors);
    let words = words(&input, &errors);
    if !errors.is_empty() {
        let errors = errors.into_tokens(None);
        let fallback = fallback(&input, args.krate.as_ref());
        return quote!(#errors #fallback);
    }
    expand(&input.ident, &words, &args)
}

/// One variant as the operator types it.
struct Word {
    variant: Ident,
    name: String,
    aliases: Vec<LitStr>,
    docs: Vec<Attribute>,
}

/// The attributes of the enum itself.
#[derive(Default)]
struct EnumArgs {
    /// The path of the runtime crate.
    krate: Option<Path>,
    /// Whether it is serialised as its word.
    serialize: bool,
}

impl EnumArgs {
    fn read(attributes: &[Attribute], errors: &Errors) -> Self {
        let mut args = Self::default();
        read(attributes, &["crate", "serialize"], errors, |key| {
            if key.name == "serialize" {
                args.serialize = key.bare(errors);
            } else {
                args.krate = command::krate(&key, errors);
            }
        });
        args
    }
}

fn words(input: &DeriveInput, errors: &Errors) -> Vec<Word> {
    let help = "a choice is a bare word; derive it on an enum whose variants have no data";
    let variants = match &input.data {
        Data::Enum(data) => &data.variants,
        Data::Struct(data) => {
            errors.add(data.struct_token, "`Choice` belongs on an enum", help);
            return Vec::new();
        }
        Data::Union(data) => {
            errors.add(data.union_token, "`Choice` belongs on an enum", help);
            return Vec::new();
        }
    };
    for generic in &input.generics.params {
        errors.add(generic, "a choice cannot be generic", "a choice is a bare word; write one enum per type");
    }
    if variants.is_empty() {
        errors.add(
            &input.ident,
            "a choice needs at least one variant",
            "an enum without variants has no words to type",
        );
    }
    let mut words: Vec<Word> = Vec::new();
    for variant in variants {
        let mut given = None;
        let mut aliases = Vec::new();
        read(&variant.attrs, &["name", "alias", "aliases"], errors, |key| {
            if key.name == "name" {
                given = key.string("name = \"read-only\"", errors);
                given.iter().for_each(|name| names::check_word(name, "a choice", errors));
                given.iter().for_each(|name| check_twice(&words, &name.value(), name, errors));
            } else {
                let example = if key.name == "alias" { "alias = \"ro\"" } else { "aliases(\"ro\", \"r\")" };
                for alias in key.strings(example, errors) {
                    names::check_word(&alias, "a choice", errors);
                    check_twice(&words, &alias.value(), &alias, errors);
                    aliases.push(alias);
                }
            }
        });
        let name = match given {
            Some(name) => name.value(),
            None => {
                let name = names::kebab(&variant.ident);
                names::check_ident(
                    &variant.ident,
                    "a choice",
                    "give it a name with `#[choice(name = \"..\")]`",
                    errors,
                );
                check_twice(&words, &name, &variant.ident, errors);
                name
            }
        };
        if !matches!(variant.fields, syn::Fields::Unit) {
            errors.add(
                &variant.fields,
                "a choice is a bare word, so this variant cannot carry data",
                "move the data into a parameter of its own",
            );
        }
        words.push(Word { variant: variant.ident.clone(), name, aliases, docs: variant.attrs.clone() });
    }
    words
}

fn check_twice(words: &[Word], name: &str, at: impl ToTokens, errors: &Errors) {
    if words.iter().any(|word| word.name == name || word.aliases.iter().any(|alias| alias.value() == name)) {
        errors.add(at, format_args!("`{name}` names two choices"), "give one of the variants another name");
    }
}

fn read(attributes: &[Attribute], known: &[&str], errors: &Errors, mut each: impl FnMut(Key)) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("choice")) {
        match &attribute.meta {
            Meta::List(list) => keys::read(list.tokens.clone(), PLACE, known, errors, &mut each),
            other => {
                errors.add(
                    other,
                    "`#[choice]` needs keys in parentheses",
                    "write `#[choice(name = \"..\")]`",
                );
            }
        }
    }
}

fn expand(name: &Ident, words: &[Word], args: &EnumArgs) -> TokenStream {
    let import = import(args.krate.as_ref());
    let private = private(Span::call_site());
    let rows = words.iter().map(|Word { name, aliases, docs, .. }| {
        let help = docs::help(docs);
        quote!(#private::ChoiceWord { name: #name, aliases: &[#(#aliases),*], help: #help })
    });
    let variants = words.iter().map(|word| &word.variant);
    let arms: TokenStream =
        words.iter().map(|Word { variant, name, .. }| quote!(Self::#variant => #name,)).collect();
    let serialize = args.serialize.then(|| serialize(name, &arms));
    quote! {
        const _: () = {
            #import
            #[automatically_derived]
            #[allow(deprecated)]
            impl #private::FromArg for #name {
                const NAME: &'static #private::str = "choice";
                const CHOICES: &'static [#private::ChoiceWord] = &[#(#rows),*];

                fn from_arg(__backdoor_word: &#private::str) -> #private::Result<Self, #private::ArgError> {
                    #private::choice(__backdoor_word, Self::CHOICES, [#(Self::#variants),*])
                }

                fn to_arg(&self) -> #private::Option<#private::String> {
                    let __backdoor_word: &#private::str = match self { #arms };
                    #private::Some(<#private::String as #private::From<&#private::str>>::from(__backdoor_word))
                }
            }
            #serialize
        };
    }
}

/// `Serialize` with the same words.
fn serialize(name: &Ident, arms: &TokenStream) -> TokenStream {
    let private = private(Span::call_site());
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #private::Serialize for #name {
            fn serialize<__BackdoorSerializer: #private::Serializer>(
                &self,
                __backdoor_serializer: __BackdoorSerializer,
            ) -> #private::Result<
                <__BackdoorSerializer as #private::Serializer>::Ok,
                <__BackdoorSerializer as #private::Serializer>::Error,
            > {
                <__BackdoorSerializer as #private::Serializer>::serialize_str(
                    __backdoor_serializer,
                    match self { #arms },
                )
            }
        }
    }
}

/// The implementations that keep commands with this type free of further errors.
fn fallback(input: &DeriveInput, krate: Option<&Path>) -> TokenStream {
    let import = import(krate);
    let private = private(Span::call_site());
    let name = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    quote! {
        const _: () = {
            #import
            #[automatically_derived]
            impl #generics #private::FromArg for #name #arguments #conditions {
                const NAME: &'static #private::str = "choice";

                fn from_arg(__backdoor_word: &#private::str) -> #private::Result<Self, #private::ArgError> {
                    #private::choice(__backdoor_word, &[], [])
                }
            }
        };
    }
}
