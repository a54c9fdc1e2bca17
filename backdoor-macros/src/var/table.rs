//! The constant table of a variable. The compiler finds the capabilities of its type in the closures of the table.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Path;

use crate::conditions;
use crate::docs;
use crate::ends::Ends;
use crate::literal_text::literal_text;
use crate::private::{import, private};
use crate::var::declaration::Declaration;
use crate::var::{VarArgs, here};

pub(super) fn registration(args: &VarArgs, declaration: &Declaration) -> TokenStream {
    let conditions = conditions::conditions(&declaration.attributes);
    let import = import(args.krate.as_ref());
    let private = private(here());
    let table = table(args, declaration);
    let Declaration { r#type, value, .. } = declaration;
    let pristine = args.settable.as_ref().map(|_| quote!(static __BACKDOOR_PRISTINE: #r#type = #value;));
    quote! {
        #(#conditions)*
        #[allow(deprecated)]
        const _: () = {
            #import
            #pristine
            static __BACKDOOR_VARIABLE: #private::Variable = #table;
            #private::inventory::submit! { #private::RegisteredVariable(&__BACKDOOR_VARIABLE) }
        };
    }
}

fn table(args: &VarArgs, declaration: &Declaration) -> TokenStream {
    let private = private(here());
    let name = args.name.as_ref().map_or_else(|| declaration.name(), syn::LitStr::value);
    let help = docs::help(&declaration.attributes);
    let unit = args.unit.as_ref().map(syn::LitStr::value).unwrap_or_default();
    let (hidden, secret, trend) = (args.hidden, args.secret.is_some(), args.trend.is_some());
    let place = place(declaration);
    let shown = shown(declaration);
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
                use #private::{ByClone as _, ByReference as _};
                let __backdoor_place = { #place };
                let __backdoor_value = __backdoor_place.backdoor_value();
                __backdoor_place.backdoor_read((&&__backdoor_value).backdoor_take(), #shown)
            },
            setting: #setting,
        }
    }
}

/// How to read the static, selected by its type.
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
    let set = set(declaration);
    let range = match &args.range {
        Some((_, range)) => {
            let literal = match literal_text(range) {
                Some(text) => quote!(#private::Some(#text)),
                None => quote!(#private::None),
            };
            quote!(#private::Some(#private::Range { bounds: || #set.bounds(#range), literal: #literal }))
        }
        None => quote!(#private::None),
    };
    let validate = call(args.validate.as_ref(), &set, "validated");
    let on_change = call(args.on_change.as_ref(), &set, "changed");
    let shown = shown(declaration);
    quote! {
        #private::Some(#private::Setting {
            cells: #set.cells,
            range: #range,
            validate: #validate,
            on_change: #on_change,
            show: |__backdoor_kept| {
                let __backdoor_set = #set;
                let __backdoor_value = __backdoor_set.backdoor_value();
                __backdoor_set.shown(__backdoor_kept, #shown)
            },
        })
    }
}

/// The settable variable. Its tokens are the same at each use, so that the compiler reports an error once.
fn set(declaration: &Declaration) -> TokenStream {
    let Declaration { ident, r#type, .. } = declaration;
    let at = Ends::of(r#type);
    let private = private(at.first);
    let settable = Ident::new("settable", at.first);
    let arguments = quote_spanned!(at.last=> (&#ident, &__BACKDOOR_PRISTINE));
    quote!(#private::#settable #arguments)
}

/// How to format the value, selected by its type.
fn shown(declaration: &Declaration) -> TokenStream {
    let private = private(here());
    let at = Ends::of(&declaration.r#type);
    let find = Ident::new("backdoor_render", at.first);
    let arguments = quote_spanned!(at.last=> ());
    quote! {
        {
            use #private::{ByData as _, ByDebug as _, ByText as _, ByWord as _, ByWordOrData as _};
            (&&&&&__backdoor_value).#find #arguments
        }
    }
}

/// A call of the author's function with the value.
fn call(function: Option<&(Ident, Path)>, set: &TokenStream, through: &str) -> TokenStream {
    let private = private(here());
    let Some((_, path)) = function else { return quote!(#private::None) };
    let through = format_ident!("{through}");
    quote!(#private::Some(|__backdoor_kept| #set.#through(__backdoor_kept, #path)))
}
