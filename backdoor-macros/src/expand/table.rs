//! The constant table of one command.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Expr;

use crate::argument::Secrecy;
use crate::command::CommandArgs;
use crate::docs;
use crate::ends::Ends;
use crate::expand::call;
use crate::function::Function;
use crate::literal_text::literal_text;
use crate::parameter::Parameter;
use crate::private::{self, local, private};

pub(super) fn command(args: &CommandArgs, item: &Function) -> TokenStream {
    let private = private(Span::call_site());
    let name = item.command_name(args);
    let CommandArgs { aliases, hidden, timeout, place, .. } = args;
    let effect = args.effect.as_ref().map_or(quote!(Changes), |effect| quote!(#effect));
    let origin = match &args.builtin {
        Some(topic) => quote!(Builtin { topic: #topic }),
        None => quote!(Author),
    };
    let help = docs::help(&item.attributes);
    let parameters = item.parameters.iter().map(parameter);
    let run = call::run(item);
    quote! {
        #private::Command {
            name: #name,
            aliases: &[#(#aliases),*],
            help: #help,
            hidden: #hidden,
            effect: #private::Effect::#effect,
            place: #private::Place::#place,
            timeout: #private::Timeout::#timeout,
            parameters: &[#(#parameters),*],
            origin: #private::Origin::#origin,
            declared: #private::Declared {
                file: #private::file!(),
                line: #private::line!(),
                module: #private::module_path!(),
            },
            run: #run,
        }
    }
}

fn parameter(parameter: &Parameter) -> TokenStream {
    let args = &parameter.args;
    let private = private(Span::call_site());
    let name = parameter.shown_name();
    let help = docs::help(&parameter.docs);
    let shape = shape(parameter);
    let style = style(parameter).map(|style| quote!(style: #style,));
    let default = args.default.as_ref().map(|(_, value)| default(parameter, value));
    let range = args.range.as_ref().map(|(_, value)| range(parameter, value));
    let complete = args.complete.as_ref().map(|path| {
        // The function is coerced here, so that a wrong signature is one error on its path.
        let function = local("complete", Span::call_site());
        quote!(complete: { let #function: #private::Complete = #path; #private::Some(#function) },)
    });
    let secrecy = args.secrecy.as_ref().map(|secrecy| {
        let secrecy = match secrecy {
            Secrecy::Secret(_) => quote!(Secret),
            Secrecy::Judged(path) => quote!(Judged(&#path)),
            Secrecy::Line => quote!(Line),
        };
        quote!(secrecy: #private::Secrecy::#secrecy,)
    });
    let plain = quote!(#private::Parameter::plain(#name, #help, #shape));
    if style.is_none() && default.is_none() && range.is_none() && complete.is_none() && secrecy.is_none() {
        return plain;
    }
    quote!(#private::Parameter { #style #default #range #complete #secrecy ..#plain })
}

fn shape(parameter: &Parameter) -> TokenStream {
    let private = private(Span::call_site());
    let r#type = &parameter.r#type;
    match parameter.args.from_str {
        true => {
            let (via_one, shape) = (call::via_one(&private), call::via_from_str(parameter, "SHAPE"));
            quote!({ #via_one #shape })
        }
        false => {
            let at = Ends::of(r#type);
            let param = private::private(at.first);
            let shape = Ident::new("SHAPE", at.last);
            quote_spanned!(at.first=> <#r#type as #param::Param>::#shape)
        }
    }
}

fn default(parameter: &Parameter, value: &Expr) -> TokenStream {
    let r#type = &parameter.r#type;
    let private = private(Span::call_site());
    let made = local("default", Span::call_site());
    let show = match parameter.args.from_str {
        true => quote!(|_| #private::None),
        false => call::typed(parameter, "show"),
    };
    let literal = literal(value);
    quote! {
        default: #private::Some(&#private::Default {
            make: || {
                let #made: #r#type = #value;
                #private::Box::new(#made)
            },
            show: #show,
            literal: #literal,
        }),
    }
}

fn range(parameter: &Parameter, value: &Expr) -> TokenStream {
    let private = private(Span::call_site());
    let bounds = match parameter.args.from_str {
        true => {
            let (via_one, bounds) = (call::via_one(&private), call::via_from_str(parameter, "bounds"));
            quote!({ #via_one #bounds(#value) })
        }
        false => {
            let bounds = call::typed(parameter, "bounds");
            let last = Ends::of(&parameter.r#type).last;
            let arguments = quote_spanned!(last=> (#value));
            quote!(#bounds #arguments)
        }
    };
    let literal = literal(value);
    quote!(range: #private::Some(&#private::Range { bounds: || #bounds, literal: #literal }),)
}

fn style(parameter: &Parameter) -> Option<TokenStream> {
    let private = private(Span::call_site());
    let args = &parameter.args;
    if args.rest.is_some() {
        return Some(quote!(#private::Style::Rest));
    }
    if args.long.is_none() && args.short.is_none() {
        return None;
    }
    let long = match &args.long {
        Some(_) => {
            let name = parameter.long_name();
            quote!(#private::Some(#name))
        }
        None => quote!(#private::None),
    };
    let short = match parameter.short_name().filter(|_| args.short.is_some()) {
        Some(letter) => quote!(#private::Some(#letter)),
        None => quote!(#private::None),
    };
    Some(quote!(#private::Style::Option { long: #long, short: #short }))
}

/// The author's expression as an operator would type it, if that needs no evaluation.
fn literal(value: &Expr) -> TokenStream {
    let private = private(Span::call_site());
    match literal_text(value) {
        Some(text) => quote!(#private::Some(#text)),
        None => quote!(#private::None),
    }
}
