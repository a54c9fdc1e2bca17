//! `#[derive(Track)]`: for a struct with a field that counts its objects.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Field, Fields, GenericParam, Index, Member, Meta, Path};

use crate::command;
use crate::errors::Errors;
use crate::keys::{self, Key};
use crate::private;

const PLACE: &str = "#[track(..)]";

/// The name of the guard, if no field is marked.
const NAME: &str = "track";

/// Expands the derive, or reports the errors.
pub(crate) fn derive(tokens: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(tokens) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let errors = Errors::default();
    let mut krate = None;
    read(&input.attrs, "crate = my_framework::backdoor", &["crate"], &errors, |key| {
        krate = command::krate(&key, &errors);
    });
    let guard = guard(&input, &errors);
    let is_sound = errors.is_empty();
    let errors = errors.into_tokens(None);
    // If there is a guard, code that creates one must not be a further error.
    let tracked = guard.map(|(member, field)| expand(&input, &member, field, krate.as_ref(), is_sound));
    quote!(#errors #tracked)
}

/// The field that is the guard.
fn guard<'a>(input: &'a DeriveInput, errors: &Errors) -> Option<(Member, &'a Field)> {
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(data) => {
            let help =
                "put the enum into a struct with a field `track: TrackGuard<Self>`, or into a `Tracked`";
            errors.add(data.enum_token, "`Track` belongs on a struct", help);
            return None;
        }
        Data::Union(data) => {
            let help = "put the union into a struct with a field `track: TrackGuard<Self>`";
            errors.add(data.union_token, "`Track` belongs on a struct", help);
            return None;
        }
    };
    let (mut marked, mut named): (Vec<(Member, &Field)>, _) = (Vec::new(), None);
    for (at, field) in fields.iter().enumerate() {
        let member = match &field.ident {
            Some(name) => Member::Named(name.clone()),
            None => Member::Unnamed(Index { index: at as u32, span: field.ty.span() }),
        };
        let mut is_marked = false;
        read(&field.attrs, "guard", &["guard"], errors, |key| is_marked |= key.bare(errors));
        if is_marked {
            marked.push((member, field));
        } else if field.ident.as_ref().is_some_and(|name| name == NAME) {
            named = Some((member, field));
        }
    }
    let mut marked = marked.into_iter();
    let first = marked.next();
    for (_, field) in marked {
        errors.add(
            &field.ty,
            format_args!("`{}` has two guards", input.ident),
            "an object counts once; mark one field with `#[track(guard)]`",
        );
    }
    let guard = first.or(named);
    if guard.is_none() && errors.is_empty() {
        let help = match fields {
            Fields::Unnamed(_) => {
                "mark the guard among its fields with `#[track(guard)]`, or add one: `#[track(guard)] TrackGuard<Self>`"
            }
            Fields::Named(_) | Fields::Unit => {
                "add a field `track: TrackGuard<Self>`, or mark the one there is with `#[track(guard)]`"
            }
        };
        errors.add(&input.ident, format_args!("`{}` has no guard", input.ident), help);
    }
    guard
}

fn fields(input: &DeriveInput) -> impl Iterator<Item = &Field> {
    let fields = match &input.data {
        Data::Struct(data) => Some(&data.fields),
        Data::Enum(_) | Data::Union(_) => None,
    };
    fields.into_iter().flatten()
}

fn read(attributes: &[Attribute], example: &str, known: &[&str], errors: &Errors, mut each: impl FnMut(Key)) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("track")) {
        match &attribute.meta {
            Meta::List(list) => keys::read(list.tokens.clone(), PLACE, known, errors, &mut each),
            other => errors.add(
                other,
                "`#[track]` needs keys in parentheses",
                format_args!("write `#[track({example})]`"),
            ),
        }
    }
}

/// A static counts all objects of a type. With type parameters, one static would count for all of them, so each type is looked up.
fn expand(
    input: &DeriveInput,
    guard: &Member,
    field: &Field,
    krate: Option<&Path>,
    is_sound: bool,
) -> TokenStream {
    let import = private::import(krate);
    let private = private::private(Span::call_site());
    let name = &input.ident;
    let is_one_type = input.generics.params.iter().all(|param| matches!(param, GenericParam::Lifetime(_)));
    let mut generics = input.generics.clone();
    let kind = match is_one_type {
        true => quote! {
            static __BACKDOOR_KIND: #private::Kind = #private::Kind::new();
            &__BACKDOOR_KIND
        },
        false => {
            generics.make_where_clause().predicates.push(syn::parse_quote!(Self: 'static));
            quote!(#private::kind_of::<#private::TrackGuard<Self>>())
        }
    };
    let (parameters, arguments, conditions) = generics.split_for_impl();
    // A field of a wrong type is underlined at its type, and so is a second guard.
    let guard = quote_spanned!(field.ty.span()=> &self.#guard);
    let others = fields(input).filter(|other| is_sound && !std::ptr::eq(*other, field)).map(|other| {
        let (private, ty) = (private::private(other.ty.span()), &other.ty);
        quote_spanned!(ty.span()=> #private::beside_guard(#private::OtherField::<#ty>::FIELD.is());)
    });
    quote! {
        const _: () = {
            #import
            #[automatically_derived]
            #[allow(deprecated)]
            impl #parameters #private::Track for #name #arguments #conditions {
                fn kind() -> &'static #private::Kind {
                    #kind
                }

                fn track_guard(&self) -> &#private::TrackGuard<Self> {
                    #[allow(unused_imports)]
                    use #private::AnyField as _;
                    let _ = || {
                        #(#others)*
                    };
                    #guard
                }
            }
        };
    }
}
