//! The constant table of a variable. What its type can do is found by the compiler, where the table's closures look it up.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Path;

use crate::expand::{Ends, import, private};
use crate::item;
use crate::text;
use crate::var::declaration::Declaration;
use crate::var::{VarArgs, here};

pub(super) fn registration(args: &VarArgs, declaration: &Declaration) -> TokenStream {
    let conditions = item::conditions(&declaration.attributes);
    let import = import(args.krate.as_ref());
    let private = private(here());
    let table = table(args, declaration);
    quote! {
        #(#conditions)*
        #[allow(deprecated)]
        const _: () = {
            #import
            static __BACKDOOR_VARIABLE: #private::Variable = #table;
            #private::inventory::submit! { #private::RegisteredVariable(&__BACKDOOR_VARIABLE) }
        };
    }
}

fn table(args: &VarArgs, declaration: &Declaration) -> TokenStream {
    let private = private(here());
    let name = args.name.as_ref().map_or_else(|| declaration.name(), syn::LitStr::value);
    let help = text::help(&declaration.attributes);
    let unit = args.unit.as_ref().map(syn::LitStr::value).unwrap_or_default();
    let (hidden, secret, trend) = (args.hidden, args.secret.is_some(), args.trend.is_some());
    let place = place(declaration);
    let setting = match &args.settable {
        Some(_) => setting(args, declaration),
        None => quote!(#private::None),
    };
    quote! {
        #private::Variable {
            name: #name,
            help: #help,
            unit: #unit,
            hidden: #hidden,
            secret: #secret,
            trend: #trend,
            declared: #private::Declared {
                file: #private::file!(),
                line: #private::line!(),
                module: #private::module_path!(),
            },
            type_name: || { #place.backdoor_type() },
            read: || {
                use #private::{ByClone as _, ByData as _, ByDebug as _, ByReference as _, ByText as _, ByWord as _, ByWordOrData as _};
                let __backdoor_place = { #place };
                let __backdoor_value = __backdoor_place.backdoor_value();
                __backdoor_place.backdoor_read((&&__backdoor_value).backdoor_take(), (&&&&&__backdoor_value).backdoor_render())
            },
            setting: #setting,
        }
    }
}

/// How the static is read, found by its type.
fn place(declaration: &Declaration) -> TokenStream {
    let at = Ends::of(&declaration.r#type);
    let private = private(here());
    let ident = &declaration.ident;
    let find = Ident::new("backdoor_place", at.first);
    let arguments = quote_spanned!(at.last=> ());
    quote! {
        use #private::{ByHolder as _, ByLasting as _, ByReadable as _};
        (&&&#private::PlaceProbe(&#ident)).#find #arguments
    }
}

fn setting(args: &VarArgs, declaration: &Declaration) -> TokenStream {
    let private = private(here());
    let Declaration { ident, r#type, value, .. } = declaration;
    let at = Ends::of(r#type);
    let settable = Ident::new("settable", at.first);
    let settable_arguments = quote_spanned!(at.last=> (&#ident));
    let cell = crate::expand::private(at.first);
    let range = match &args.range {
        Some((_, range)) => {
            let literal = match crate::expand::literal_text(range) {
                Some(text) => {
                    let text = Literal::string(&text);
                    quote!(#private::Some(#text))
                }
                None => quote!(#private::None),
            };
            quote! {
                #private::Some(#private::Range {
                    bounds: || #private::var_bounds::<#r#type>(#range),
                    literal: #literal,
                })
            }
        }
        None => quote!(#private::None),
    };
    let validate = call(args.validate.as_ref(), declaration, "validated", &quote!(, _));
    let on_change = call(args.on_change.as_ref(), declaration, "changed", &quote!());
    quote! {
        #private::Some(#private::Setting {
            cell: #cell::#settable #settable_arguments,
            initial: || {
                let __backdoor_initial: #r#type = #value;
                #private::initial(&__backdoor_initial)
            },
            range: #range,
            validate: #validate,
            on_change: #on_change,
            show: |__backdoor_kept| {
                use #private::{ByData as _, ByDebug as _, ByText as _, ByWord as _, ByWordOrData as _};
                let __backdoor_value = #private::ValueProbe::<<#r#type as #private::Holder>::Value>::NEW;
                #private::shown::<#r#type, _>(__backdoor_kept, (&&&&&__backdoor_value).backdoor_render())
            },
        })
    }
}

/// A function of the author's that is given the value. It is called by a closure, so that it may take a `&str` for a `String`.
fn call(
    function: Option<&(Ident, Path)>,
    declaration: &Declaration,
    through: &str,
    more: &TokenStream,
) -> TokenStream {
    let private = private(here());
    let Some((_, path)) = function else { return quote!(#private::None) };
    let through = format_ident!("{through}");
    let r#type = &declaration.r#type;
    let last = Ends::of(path).last;
    let arguments = quote_spanned!(last=> (__backdoor_value));
    quote! {
        #private::Some(|__backdoor_kept| {
            #private::#through::<#r#type #more>(__backdoor_kept, |__backdoor_value| #path #arguments)
        })
    }
}
