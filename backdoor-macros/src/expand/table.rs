//! The constant table of one command.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprRange, ExprUnary, Lit, RangeLimits, UnOp};

use crate::command::CommandArgs;
use crate::expand::{Ends, call, local, private};
use crate::item::{Item, Parameter};
use crate::text;

pub(super) fn command(args: &CommandArgs, item: &Item) -> TokenStream {
    let private = private(Span::call_site());
    let name = item.command_name(args);
    let CommandArgs { aliases, hidden, effect, timeout, place, .. } = args;
    let help = text::help(&item.attributes);
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
    let help = text::help(&parameter.docs);
    let shape = shape(parameter);
    let style = style(parameter).map(|style| quote!(style: #style,));
    let default = args.default.as_ref().map(|(_, value)| default(parameter, value));
    let range = args.range.as_ref().map(|(_, value)| range(parameter, value));
    let complete = args.complete.as_ref().map(|path| {
        // The function is coerced here, so that one of another form is one error on its path.
        let function = local("complete", Span::call_site());
        quote!(complete: { let #function: #private::Complete = #path; #private::Some(#function) },)
    });
    quote! {
        #private::Parameter {
            name: #name,
            help: #help,
            shape: #shape,
            #style
            #default
            #range
            #complete
            ..#private::Parameter::BARE
        }
    }
}

fn shape(parameter: &Parameter) -> TokenStream {
    let r#type = &parameter.r#type;
    let span = r#type.span();
    let private = private(span);
    match parameter.args.from_str {
        true => {
            let via_one = call::via_one(&private);
            quote_spanned!(span=> { #via_one <#private::ViaFromStr::<#r#type>>::SHAPE })
        }
        false => quote_spanned!(span=> <#r#type as #private::Param>::SHAPE),
    }
}

fn default(parameter: &Parameter, value: &Expr) -> TokenStream {
    let r#type = &parameter.r#type;
    let span = r#type.span();
    let typed = private(span);
    let private = private(Span::call_site());
    let made = local("default", Span::call_site());
    let show = match parameter.args.from_str {
        true => quote!(|_| #private::None),
        false => quote_spanned!(span=> #typed::show::<#r#type>),
    };
    let literal = literal(value);
    quote! {
        default: #private::Some(#private::Default {
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
    let r#type = &parameter.r#type;
    let at = Ends::of(value);
    let typed = private(at.first);
    let private = private(Span::call_site());
    let mut group = Group::new(Delimiter::Parenthesis, quote!(#value));
    group.set_span(at.last);
    let bounds = match parameter.args.from_str {
        true => {
            let via_one = call::via_one(&typed);
            quote_spanned!(at.first=> { #via_one <#typed::ViaFromStr::<#r#type>>::bounds #group })
        }
        false => quote_spanned!(at.first=> #typed::bounds::<#r#type, _> #group),
    };
    let literal = literal(value);
    quote!(range: #private::Some(#private::Range { bounds: || #bounds, literal: #literal }),)
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

/// The author's expression as the operator would type it, where that needs no evaluation.
fn literal(value: &Expr) -> TokenStream {
    let private = private(Span::call_site());
    match literal_text(value) {
        Some(text) => quote!(#private::Some(#text)),
        None => quote!(#private::None),
    }
}

fn literal_text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(number) => Some(number.base10_digits().to_owned()),
            Lit::Float(number) => Some(number.base10_digits().to_owned()),
            Lit::Bool(flag) => Some(flag.value.to_string()),
            _ => None,
        },
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => Some(format!("-{}", literal_text(expr)?)),
        Expr::Range(ExprRange { start, limits, end, .. }) => {
            let text =
                |end: &Option<Box<Expr>>| end.as_ref().map_or(Some(String::new()), |end| literal_text(end));
            let dots = match limits {
                RangeLimits::HalfOpen(_) => "..",
                RangeLimits::Closed(_) => "..=",
            };
            Some(format!("{}{dots}{}", text(start)?, text(end)?))
        }
        Expr::Group(group) => literal_text(&group.expr),
        Expr::Paren(group) => literal_text(&group.expr),
        _ => None,
    }
}
