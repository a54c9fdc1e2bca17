//! The annotated function: its signature as the macro needs it, and its body as tokens that are handed on untouched.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, FnArg, GenericParam, Ident, Meta, Pat, PatType, Safety, Signature, Token, Type, Visibility,
};

use crate::argument::ArgumentArgs;
use crate::associated;
use crate::command::CommandArgs;
use crate::errors::Mistakes;
use crate::names;
use crate::options::Options;

/// The runtime crate has a runner for each number of parameters up to this.
const MOST_PARAMETERS: usize = 32;

/// A function, with the helper attributes of its parameters taken off.
pub(crate) struct Item {
    pub(crate) attributes: Vec<Attribute>,
    visibility: Visibility,
    pub(crate) signature: Signature,
    body: TokenStream,
    pub(crate) parameters: Vec<Parameter>,
}

/// One parameter of the function.
pub(crate) struct Parameter {
    /// Its name, where its pattern is one.
    pub(crate) name: Option<Ident>,
    pub(crate) pattern: Pat,
    pub(crate) r#type: Type,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) args: ArgumentArgs,
}

impl Item {
    /// Reads a function. What is none comes back as an error on the word that says what it is.
    pub(crate) fn parse(tokens: TokenStream, args: &CommandArgs, mistakes: &Mistakes) -> syn::Result<Self> {
        let Raw { attributes, visibility, mut signature, body } = syn::parse2(tokens)?;
        check_signature(&signature, args, mistakes);
        if let Some(found) = associated::self_type(&signature, &body) {
            mistakes.add(
                found,
                "a command cannot name `Self`: it is a free function, outside any `impl`",
                "move it out of the `impl` and name the type",
            );
        }
        let mut parameters = Vec::new();
        let mut options = Options::default();
        for input in &mut signature.inputs {
            match input {
                FnArg::Receiver(receiver) => mistakes.add(
                    receiver,
                    "a command cannot take `self`",
                    "make it a free function and take the object as `State<T>`",
                ),
                FnArg::Typed(typed) => {
                    let parameter = Parameter::take(typed, mistakes);
                    options.take(&parameter, mistakes);
                    parameter.check(mistakes);
                    parameters.push(parameter);
                }
            }
        }
        if let Some(input) = signature.inputs.iter().nth(MOST_PARAMETERS) {
            mistakes.add(
                input,
                format_args!("a command takes at most {MOST_PARAMETERS} parameters"),
                "parse several of them as one, with a type that implements `FromArg`",
            );
        }
        if let Some(variadic) = &signature.variadic {
            mistakes.add(variadic, "a command cannot be variadic", "take the words as `Vec<String>`");
        }
        Ok(Self { attributes, visibility, signature, body, parameters })
    }

    /// The name that the operator types.
    pub(crate) fn command_name(&self, args: &CommandArgs) -> String {
        match &args.name {
            Some(name) => name.value(),
            None => names::kebab(&self.signature.ident),
        }
    }

    pub(crate) fn is_async(&self) -> bool {
        self.signature.asyncness.is_some()
    }
}

/// The function as the author wrote it, less the helper attributes. A command's parameters are owned values, one for each word or flag,
/// and where it runs is chosen by `async`: what clippy advises against there cannot be followed. An attribute of the author's stands behind
/// ours and wins.
impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, visibility, signature, body, .. } = self;
        let unused_async = self.is_async().then(|| quote!(clippy::unused_async));
        tokens.extend(quote! {
            #[allow(
                clippy::fn_params_excessive_bools,
                clippy::needless_pass_by_value,
                clippy::too_many_arguments,
                #unused_async
            )]
            #(#attributes)* #visibility #signature #body
        });
    }
}

struct Raw {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    signature: Signature,
    body: TokenStream,
}

impl Parse for Raw {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility: Visibility = input.parse()?;
        let words = ["const", "async", "safe", "unsafe", "extern", "fn"];
        let ahead = input.fork();
        let first = ahead.call(<Ident as syn::ext::IdentExt>::parse_any);
        if !first.as_ref().is_ok_and(|word| words.iter().any(|known| word == known)) {
            let rule =
                "`#[backdoor_command]` belongs on a function\n= help: put it on a free `fn` or `async fn`";
            return Err(syn::Error::new(first.map_or_else(|error| error.span(), |word| word.span()), rule));
        }
        Ok(Self { attributes, visibility, signature: input.parse()?, body: input.parse()? })
    }
}

fn check_signature(signature: &Signature, args: &CommandArgs, mistakes: &Mistakes) {
    if let Safety::Unsafe(token) = &signature.safety {
        mistakes.add(
            token,
            "a command cannot be `unsafe`",
            "make the function safe, and keep the `unsafe` block with its reason inside it",
        );
    }
    if args.name.is_none() {
        names::check_ident(
            &signature.ident,
            "a command name",
            "give it another name with `name = \"..\"`",
            mistakes,
        );
    }
    for parameter in &signature.generics.params {
        let help = match parameter {
            GenericParam::Lifetime(_) => "its arguments are owned; take `String` instead of `&str`",
            GenericParam::Type(_) | GenericParam::Const(_) => {
                "the operator has no way to name a type; write one command per type"
            }
        };
        mistakes.add(parameter, "a command cannot be generic", help);
    }
}

impl Parameter {
    fn take(typed: &mut PatType, mistakes: &Mistakes) -> Self {
        let (args, docs) = ArgumentArgs::take(&mut typed.attrs, mistakes);
        let name = match &*typed.pat {
            Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => Some(name.ident.clone()),
            _ => None,
        };
        Self { name, pattern: (*typed.pat).clone(), r#type: (*typed.ty).clone(), docs, args }
    }

    fn check(&self, mistakes: &Mistakes) {
        if let Some(name) = &self.name
            && self.args.long.as_ref().is_some_and(|long| long.name.is_none())
        {
            names::check_ident(name, "an option name", "give it another name with `long = \"..\"`", mistakes);
        }
        check_type(&self.r#type, self.name.as_ref(), mistakes);
    }

    /// The name that help shows.
    pub(crate) fn shown_name(&self) -> String {
        self.name.as_ref().map(names::kebab).unwrap_or_default()
    }

    pub(crate) fn long_name(&self) -> String {
        match self.args.long.as_ref().and_then(|long| long.name.as_ref()) {
            Some(name) => name.value(),
            None => self.shown_name(),
        }
    }

    /// The letter of the short form: the one given, or the first of the name.
    pub(crate) fn short_name(&self) -> Option<char> {
        match self.args.short.as_ref().and_then(|short| short.name.as_ref()) {
            Some(letter) => Some(letter.value()),
            None => self.shown_name().chars().next(),
        }
    }
}

fn check_type(r#type: &Type, name: Option<&Ident>, mistakes: &Mistakes) {
    match r#type {
        Type::ImplTrait(_) => mistakes.add(
            r#type,
            "a command parameter needs a concrete type",
            "the argument is parsed from text into exactly this type",
        ),
        Type::Reference(reference) => {
            let name = name.map_or_else(|| "value".to_owned(), Ident::to_string);
            let owned = match &*reference.elem {
                Type::Slice(slice) => {
                    let element = &slice.elem;
                    format!("Vec<{}>", quote!(#element))
                }
                other => match quote!(#other).to_string().as_str() {
                    "str" => "String".to_owned(),
                    "Path" => "PathBuf".to_owned(),
                    other => other.replace(' ', ""),
                },
            };
            mistakes.add(
                r#type,
                "a command parameter cannot be a reference",
                format_args!("take it by value: `{name}: {owned}`"),
            );
        }
        Type::Paren(inner) => check_type(&inner.elem, name, mistakes),
        Type::Group(inner) => check_type(&inner.elem, name, mistakes),
        _ => {}
    }
}

/// The attributes that decide whether the function exists, which decide the same of its registration. Of a `cfg_attr` this is what
/// it says of `cfg`.
pub(crate) fn conditions(attributes: &[Attribute]) -> Vec<TokenStream> {
    let mut conditions = Vec::new();
    for attribute in attributes {
        if attribute.path().is_ident("cfg") {
            conditions.push(attribute.to_token_stream());
        } else if attribute.path().is_ident("cfg_attr")
            && let Ok(metas) = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        {
            let mut metas = metas.iter();
            let predicate = metas.next();
            let inner: Vec<&Meta> = metas.filter(|meta| meta.path().is_ident("cfg")).collect();
            if !inner.is_empty() {
                conditions.push(quote!(#[cfg_attr(#predicate, #(#inner),*)]));
            }
        }
    }
    conditions
}
