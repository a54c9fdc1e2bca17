//! The annotated function: its signature as the macro needs it, and its body as unchanged tokens.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, FnArg, GenericParam, Ident, Safety, Signature, Visibility};

use crate::associated;
use crate::command::CommandArgs;
use crate::errors::Errors;
use crate::names;
use crate::options::Options;
use crate::parameter::Parameter;

/// The runtime crate has runners for at most this many parameters.
const MOST_PARAMETERS: usize = 32;

/// A function without the helper attributes of its parameters.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    visibility: Visibility,
    pub(crate) signature: Signature,
    body: TokenStream,
    pub(crate) parameters: Vec<Parameter>,
    /// The `#[cfg]` of one of several forms of the function.
    pub(crate) condition: Option<TokenStream>,
}

impl Function {
    /// Reads a function, or one of several forms of it.
    pub(crate) fn read(
        raw: Raw,
        condition: Option<&TokenStream>,
        args: &CommandArgs,
        errors: &Errors,
    ) -> Self {
        let Raw { attributes, visibility, mut signature, body } = raw;
        check_signature(&signature, args, errors);
        if let Some(found) = associated::self_type(&signature, &body) {
            errors.add(
                found,
                "a command cannot name `Self`: it is a free function, outside any `impl`",
                "move it out of the `impl` and name the type",
            );
        }
        let mut parameters = Vec::new();
        let mut options = Options::default();
        for input in &mut signature.inputs {
            match input {
                FnArg::Receiver(receiver) => errors.add(
                    receiver,
                    "a command cannot take `self`",
                    "make it a free function and take the object as `State<T>`",
                ),
                FnArg::Typed(typed) => {
                    let parameter = Parameter::take(typed, errors);
                    options.take(&parameter, errors);
                    parameter.check(errors);
                    parameters.push(parameter);
                }
            }
        }
        if let Some(input) = signature.inputs.iter().nth(MOST_PARAMETERS) {
            errors.add(
                input,
                format_args!("a command takes at most {MOST_PARAMETERS} parameters"),
                "parse several of them as one, with a type that implements `FromArg`",
            );
        }
        if let Some(variadic) = &signature.variadic {
            errors.add(variadic, "a command cannot be variadic", "take the words as `Vec<String>`");
        }
        Self { attributes, visibility, signature, body, parameters, condition: condition.cloned() }
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

/// The function as the author wrote it, without the helper attributes. A command's parameters are owned values, one for each word or flag,
/// and `async` selects its thread, so the author cannot follow clippy's advice against them. An attribute of the author comes after ours,
/// and takes precedence.
impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, visibility, signature, body, condition, .. } = self;
        let unused_async = self.is_async().then(|| quote!(clippy::unused_async));
        tokens.extend(quote! {
            #condition
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

/// A function as written. An item that is no function fails to parse, with an error on the word that shows its kind.
#[derive(Clone)]
pub(crate) struct Raw {
    pub(crate) attributes: Vec<Attribute>,
    visibility: Visibility,
    pub(crate) signature: Signature,
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

fn check_signature(signature: &Signature, args: &CommandArgs, errors: &Errors) {
    if let Safety::Unsafe(token) = &signature.safety {
        errors.add(
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
            errors,
        );
    }
    for parameter in &signature.generics.params {
        let help = match parameter {
            GenericParam::Lifetime(_) => "its arguments are owned; take `String` instead of `&str`",
            GenericParam::Type(_) | GenericParam::Const(_) => {
                "the operator has no way to name a type; write one command per type"
            }
        };
        errors.add(parameter, "a command cannot be generic", help);
    }
}
