//! The derive behind the models of `leonardo-ai`. It names private items of that crate, so it works nowhere else.

mod limits;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::meta::ParseNestedMeta;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, Fields, GenericArgument, Ident, Lit, LitStr, Path,
    PathArguments, Result, Token, Type, parse_macro_input,
};

use limits::Limit;

/// Makes a struct readable and writable by the codec, under the names that its fields have on the wire.
///
/// On the struct:
///
/// - `#[model(request)]`: what is `None` is not sent. Reading is strict, begins with the defaults, and takes `null` for
///   `None`. `Default` comes with it, unless a field is required.
/// - `#[model(response)]`: reading is lenient, and begins with the struct's own `Default`.
/// - `#[model(internal)]`: only read, as a response is, and only by the crate itself.
/// - `#[model(request, checked)]`: has the methods `check` and `checked`, which hold its fields to their limits. With
///   `checked = path`, the function there adds what depends on several fields.
///
/// On a field:
///
/// - `name = "…"`: its name on the wire, if that is not its own name in camel case.
/// - `alias = "…"`: of a response, another name that it is read by.
/// - `default = …`: of a request, what it is unless set. `Some` is left out, and a text may be a literal.
/// - `no_setter`: of a response, it has no setter, since there is a method of its name.
/// - `required`: a request that does not have it is refused, as is a response in which it is blank, or the number 0.
/// - `extra`: of a request, the map of the fields that the struct does not have. Without one they are refused.
///
/// The limits of a field of a request, which `None` keeps to:
///
/// - `range = 1..=8`, `range = ..=8`, `range = 1..`: of a number.
/// - `step = 8`: a number is a multiple of it.
/// - `one_of = [512, 640]`: the numbers that there are.
/// - `length = 1..=1500`: the characters of a text. One that is blank has none.
/// - `prefix = "…"`: what a text begins with.
///
/// Every field gets a setter of its name, which takes what stands in an `Option` without it. A response has setters with
/// the feature `test-util` alone.
#[proc_macro_derive(Model, attributes(model))]
pub fn model(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    Model::parse(&input).map_or_else(Error::into_compile_error, |model| model.expand()).into()
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Request,
    Response,
    Internal,
}

struct Model<'a> {
    name: &'a Ident,
    kind: Kind,
    fields: Vec<Field<'a>>,
    extra: Option<&'a Ident>,
    checked: Option<Checked>,
}

/// That it has `check`, and what that does beside looking at limits.
struct Checked {
    rules: Option<Path>,
}

struct Field<'a> {
    name: &'a Ident,
    wire: String,
    aliases: Vec<String>,
    ty: &'a Type,
    docs: Vec<&'a Attribute>,
    default: Option<Expr>,
    required: bool,
    setter: bool,
    limits: Vec<Limit>,
}

impl<'a> Model<'a> {
    fn parse(input: &'a DeriveInput) -> Result<Self> {
        let Data::Struct(data) = &input.data else {
            return Err(Error::new_spanned(&input.ident, "only a struct is a model"));
        };
        let Fields::Named(named) = &data.fields else {
            return Err(Error::new_spanned(&input.ident, "the fields of a model have names"));
        };
        let (mut kind, mut checked) = (None, None);
        each_option(&input.attrs, |meta| {
            if kind == Some(Kind::Request) && meta.path.is_ident("checked") {
                let rules = if meta.input.peek(Token![=]) { Some(meta.value()?.parse()?) } else { None };
                checked = Some(Checked { rules });
                return Ok(());
            }
            kind = Some(match () {
                () if meta.path.is_ident("request") => Kind::Request,
                () if meta.path.is_ident("response") => Kind::Response,
                () if meta.path.is_ident("internal") => Kind::Internal,
                () => return Err(meta.error("expected `request`, `response` or `internal`")),
            });
            Ok(())
        })?;
        let kind = kind.ok_or_else(|| {
            Error::new_spanned(&input.ident, "say `#[model(request)]`, `#[model(response)]` or `#[model(internal)]`")
        })?;
        if kind == Kind::Response && !input.attrs.iter().any(|attr| attr.path().is_ident("non_exhaustive")) {
            return Err(Error::new_spanned(&input.ident, "a response must be `#[non_exhaustive]`"));
        }

        let mut model = Self { name: &input.ident, kind, fields: Vec::new(), extra: None, checked };
        for field in &named.named {
            let Some(name) = &field.ident else { continue };
            let (mut wire, mut default, mut required, mut extra) = (None, None, false, false);
            let (mut aliases, mut setter, mut limits) = (Vec::new(), true, Vec::new());
            each_option(&field.attrs, |meta| {
                match () {
                    () if meta.path.is_ident("name") => wire = Some(meta.value()?.parse::<LitStr>()?.value()),
                    () if meta.path.is_ident("required") => required = true,
                    () if kind != Kind::Request && meta.path.is_ident("alias") => {
                        aliases.push(meta.value()?.parse::<LitStr>()?.value());
                    }
                    () if kind == Kind::Response && meta.path.is_ident("no_setter") => setter = false,
                    () if kind != Kind::Request => {
                        return Err(meta.error("expected `name`, `alias`, `no_setter` or `required`"));
                    }
                    () if meta.path.is_ident("default") => default = Some(meta.value()?.parse::<Expr>()?),
                    () if meta.path.is_ident("extra") => extra = true,
                    () => match Limit::parse(&meta)? {
                        Some(limit) => limits.push(limit),
                        None => return Err(meta.error("expected `name`, `default`, `required`, `extra` or a limit")),
                    },
                }
                Ok(())
            })?;
            let wire = wire.unwrap_or_else(|| camel_case(&name.to_string()));
            if required && default.is_some() {
                return Err(Error::new_spanned(name, "what is required has no default"));
            }
            if extra && (model.extra.replace(name).is_some() || required || default.is_some()) {
                return Err(Error::new_spanned(name, "one field is `extra`, and nothing else"));
            }
            let taken =
                |wire: &String| model.fields.iter().any(|other| other.wire == *wire || other.aliases.contains(wire));
            if let Some(wire) = [&wire].into_iter().chain(&aliases).find(|wire| taken(wire)) {
                return Err(Error::new_spanned(name, format!("a second field is called `{wire}` on the wire")));
            }
            if !extra {
                let docs = field.attrs.iter().filter(|attr| attr.path().is_ident("doc")).collect();
                model.fields.push(Field {
                    name,
                    wire,
                    aliases,
                    ty: &field.ty,
                    docs,
                    default,
                    required,
                    setter,
                    limits,
                });
            }
        }
        Ok(model)
    }

    fn expand(&self) -> TokenStream {
        let name = self.name;
        let record = self.record();
        if self.kind == Kind::Internal {
            return record;
        }
        let (default, fields, setters, check) = (self.default(), self.fields(), self.setters(), self.check());
        let read = if self.kind == Kind::Request { quote!(read_request) } else { quote!(read_response) };
        quote! {
            #record
            #default
            #fields
            #setters
            #check

            impl<'de> ::serde::Deserialize<'de> for #name {
                fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                    crate::codec::#read(deserializer)
                }
            }

            impl ::serde::Serialize for #name {
                fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                    crate::codec::write(self, serializer)
                }
            }
        }
    }

    /// How it is read.
    fn record(&self) -> TokenStream {
        let name = self.name;
        let empty =
            if self.kind == Kind::Request { self.values() } else { quote!(::core::default::Default::default()) };
        let places = self.fields.iter().map(|field| {
            let (wire, aliases) = (&field.wire, &field.aliases);
            let place = field.reference(quote!(&mut));
            quote!(#wire #(| #aliases)* => #place,)
        });
        let mut methods = TokenStream::new();
        if self.fields.iter().any(|field| field.required) {
            let required = self.fields.iter().filter(|field| field.required).enumerate().map(|(index, field)| {
                let wire = &field.wire;
                let value = if self.kind == Kind::Request {
                    quote!(crate::codec::Fragment::None)
                } else {
                    let value = field.reference(quote!(&));
                    quote!(crate::codec::Encode::fragment(#value))
                };
                quote!(#index => crate::codec::Required { name: #wire, value: #value },)
            });
            methods.extend(quote! {
                fn required(&self, index: usize) -> ::core::option::Option<crate::codec::Required<'_>> {
                    ::core::option::Option::Some(match index {
                        #(#required)*
                        _ => return ::core::option::Option::None,
                    })
                }
            });
        }
        if let Some(extra) = self.extra {
            methods.extend(quote! {
                fn extra(&mut self) -> ::core::option::Option<&mut crate::codec::Extra> {
                    ::core::option::Option::Some(&mut self.#extra)
                }
            });
        }
        quote! {
            impl crate::codec::Record for #name {
                fn empty() -> Self {
                    #empty
                }

                fn place(&mut self, name: &str) -> ::core::option::Option<&mut dyn crate::codec::Decode> {
                    ::core::option::Option::Some(match name {
                        #(#places)*
                        _ => return ::core::option::Option::None,
                    })
                }

                #methods
            }
        }
    }

    /// How it is written.
    fn fields(&self) -> TokenStream {
        let name = self.name;
        let values = self.fields.iter().map(|field| {
            let (wire, value) = (&field.wire, field.reference(quote!(&)));
            // What a request does not say is left out.
            if self.kind == Kind::Request && is_option(field.ty) {
                quote!(crate::codec::put_some(put, #wire, #value);)
            } else {
                quote!(put(#wire, #value);)
            }
        });
        let extra = self.extra.map(|extra| {
            quote! {
                fn extra(&self) -> ::core::option::Option<&crate::codec::Extra> {
                    ::core::option::Option::Some(&self.#extra)
                }
            }
        });
        quote! {
            impl crate::codec::Fields for #name {
                fn own(&self, put: &mut dyn ::core::ops::FnMut(&str, &dyn crate::codec::Encode)) {
                    #(#values)*
                }

                #extra
            }
        }
    }

    /// `Default` of a request that can do without its caller's values.
    fn default(&self) -> TokenStream {
        let name = self.name;
        if self.kind != Kind::Request || self.fields.iter().any(|field| field.required) {
            return TokenStream::new();
        }
        quote! {
            impl ::core::default::Default for #name {
                fn default() -> Self {
                    crate::codec::Record::empty()
                }
            }
        }
    }

    /// A method for each field that sets it. Those of a response are for tests.
    fn setters(&self) -> TokenStream {
        let name = self.name;
        let setters = self.fields.iter().filter(|field| field.setter).map(Field::setter);
        let extra = self.extra.map(|extra| {
            quote! {
                /// Adds a field that this type does not have, under its name on the wire.
                #[must_use]
                pub fn #extra(
                    mut self,
                    name: impl ::core::convert::Into<::std::string::String>,
                    value: impl ::core::convert::Into<::serde_json::Value>,
                ) -> Self {
                    self.#extra.insert(name.into(), value.into());
                    self
                }
            }
        });
        let gate = (self.kind == Kind::Response).then(|| quote!(#[cfg(feature = "test-util")]));
        quote! {
            #gate
            impl #name {
                #(#setters)*
                #extra
            }
        }
    }

    /// A request with its defaults.
    fn values(&self) -> TokenStream {
        let values = self.fields.iter().map(|field| {
            let (name, value) = (field.name, field.value());
            quote!(#name: #value,)
        });
        let extra = self.extra.map(|extra| quote!(#extra: crate::codec::Extra::new(),));
        quote!(Self { #(#values)* #extra })
    }
}

impl Field<'_> {
    /// The field by reference. Where its type is no place, the compiler points at the type.
    fn reference(&self, by: TokenStream) -> TokenStream {
        let name = self.name;
        at(self.ty, quote!(#by self.#name))
    }

    /// Sets the field, with what stands in an `Option` given without it.
    fn setter(&self) -> TokenStream {
        let (name, docs) = (self.name, &self.docs);
        let of = inner(self.ty, "Option").unwrap_or(self.ty);
        let (given, value) = if is_scalar(of) {
            (quote!(#of), quote!(value))
        } else {
            (quote!(impl ::core::convert::Into<#of>), quote!(value.into()))
        };
        let value = if is_option(self.ty) { quote!(::core::option::Option::Some(#value)) } else { value };
        let shown = name.to_string();
        let shown = shown.trim_start_matches("r#");
        let link = format!("Sets [`{shown}`](Self#structfield.{shown}):");
        quote! {
            #[doc = #link]
            ///
            #(#docs)*
            #[must_use]
            pub fn #name(mut self, value: #given) -> Self {
                self.#name = #value;
                self
            }
        }
    }

    fn value(&self) -> TokenStream {
        match &self.default {
            None => at(self.ty, quote!(crate::codec::Decode::empty())),
            Some(default) => {
                let value = match default {
                    Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => quote!(::core::convert::From::from(#text)),
                    other => other.to_token_stream(),
                };
                if is_option(self.ty) { quote!(::core::option::Option::Some(#value)) } else { value }
            }
        }
    }
}

fn is_option(ty: &Type) -> bool {
    inner(ty, "Option").is_some()
}

/// What stands between the brackets of `outer<…>`.
fn inner<'a>(ty: &'a Type, outer: &str) -> Option<&'a Type> {
    let Type::Path(ty) = ty else { return None };
    let last = ty.path.segments.last().filter(|last| last.ident == outer)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

/// Whether literals of the type are given as they are: with `impl Into<u32>`, `1` would be no `u32`.
fn is_scalar(ty: &Type) -> bool {
    ["bool", "u32", "i64", "f64"].iter().any(|scalar| matches!(ty, Type::Path(ty) if ty.path.is_ident(scalar)))
}

/// What errors in these tokens point at.
fn at(place: &impl ToTokens, tokens: TokenStream) -> TokenStream {
    let first = place.to_token_stream().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    let span = Span::call_site().located_at(first);
    let located = tokens.into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    located.collect()
}

/// Calls `option` for each part of each `#[model(…)]`.
fn each_option(attrs: &[syn::Attribute], mut option: impl FnMut(ParseNestedMeta<'_>) -> Result<()>) -> Result<()> {
    attrs.iter().filter(|attr| attr.path().is_ident("model")).try_for_each(|attr| attr.parse_nested_meta(&mut option))
}

/// `like_this` as `likeThis`.
fn camel_case(name: &str) -> String {
    let mut wire = String::with_capacity(name.len());
    let mut upper = false;
    for letter in name.trim_start_matches("r#").chars() {
        if letter == '_' {
            upper = true;
        } else {
            wire.push(if upper { letter.to_ascii_uppercase() } else { letter });
            upper = false;
        }
    }
    wire
}

#[cfg(test)]
mod tests {
    use super::camel_case;

    #[test]
    fn names_on_the_wire() {
        for (name, wire) in [("id", "id"), ("motion_mp4_url", "motionMp4Url"), ("r#type", "type"), ("a_b_c", "aBC")] {
            assert_eq!(camel_case(name), wire);
        }
    }
}
