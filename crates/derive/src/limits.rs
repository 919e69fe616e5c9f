//! The limits of fields, and the methods that hold a request to them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Lit, LitFloat, LitInt, LitStr, Result, Token, bracketed};

use super::Model;

/// What a field of a request is held to.
pub(super) enum Limit {
    Range(Bounds),
    Step(Number),
    OneOf(Vec<Number>),
    Length(Bounds),
    Prefix(LitStr),
}

impl Limit {
    /// `None` if it is another option.
    pub(super) fn parse(meta: &ParseNestedMeta<'_>) -> Result<Option<Self>> {
        Ok(Some(match () {
            () if meta.path.is_ident("range") => Self::Range(meta.value()?.parse()?),
            () if meta.path.is_ident("step") => Self::Step(meta.value()?.parse()?),
            () if meta.path.is_ident("length") => Self::Length(meta.value()?.parse()?),
            () if meta.path.is_ident("prefix") => Self::Prefix(meta.value()?.parse()?),
            () if meta.path.is_ident("one_of") => {
                let input = meta.value()?;
                let numbers;
                bracketed!(numbers in input);
                let numbers: Punctuated<Number, Token![,]> = Punctuated::parse_terminated(&numbers)?;
                Self::OneOf(numbers.into_iter().collect())
            }
            () => return Ok(None),
        }))
    }

    fn expand(&self, wire: &str) -> TokenStream {
        let bound = match self {
            Self::Range(Bounds { least, most }) => {
                let least = or(least, quote!(::core::primitive::f64::NEG_INFINITY));
                let most = or(most, quote!(::core::primitive::f64::INFINITY));
                quote!(Range(#least, #most))
            }
            Self::Step(Number(step)) => quote!(Step(#step)),
            Self::OneOf(numbers) => {
                let numbers = numbers.iter().map(|Number(number)| number);
                quote!(OneOf(&[#(#numbers),*]))
            }
            Self::Length(Bounds { least, most }) => {
                let least = or(least, quote!(0.0));
                let most = or(most, quote!(::core::primitive::f64::INFINITY));
                quote!(Length(#least, #most))
            }
            Self::Prefix(prefix) => quote!(Prefix(#prefix)),
        };
        quote!(crate::codec::Limit { field: #wire, bound: crate::codec::Bound::#bound },)
    }
}

/// `least..=most`, of which one may be left out.
pub(super) struct Bounds {
    least: Option<Number>,
    most: Option<Number>,
}

impl Parse for Bounds {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let least = if input.peek(Token![..]) { None } else { Some(input.parse()?) };
        if input.peek(Token![..=]) {
            input.parse::<Token![..=]>()?;
            return Ok(Self { least, most: Some(input.parse()?) });
        }
        let dots = input.parse::<Token![..]>()?;
        if least.is_none() || input.peek(Lit) {
            return Err(Error::new_spanned(dots, "expected `least..=most`, `..=most` or `least..`"));
        }
        Ok(Self { least, most: None })
    }
}

/// A number, as an `f64`: that holds every bound exactly.
pub(super) struct Number(f64);

impl Parse for Number {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitInt) {
            return input.parse::<LitInt>()?.base10_parse().map(Self);
        }
        input.parse::<LitFloat>()?.base10_parse().map(Self)
    }
}

fn or(number: &Option<Number>, default: TokenStream) -> TokenStream {
    number.as_ref().map_or(default, |Number(number)| quote!(#number))
}

impl Model<'_> {
    /// The limits of its fields, and the methods that look at them.
    pub(super) fn check(&self) -> TokenStream {
        let name = self.name;
        let limits = self.fields.iter().flat_map(|field| field.limits.iter().map(|limit| limit.expand(&field.wire)));
        let limits: Vec<_> = limits.collect();
        if limits.is_empty() && self.checked.is_none() {
            return TokenStream::new();
        }
        let limited = quote! {
            impl crate::codec::Limited for #name {
                const LIMITS: &'static [crate::codec::Limit] = &[#(#limits)*];
            }
        };
        let Some(checked) = &self.checked else { return limited };
        let rules = checked.rules.as_ref().map(|rules| quote!(#rules(self, &mut checking);));
        let of = format!("{name}::check");
        quote! {
            #limited

            impl #name {
                /// Whether the request keeps to what the service documents of its fields, and of those that depend on one
                /// another; all violations at once.
                ///
                /// A value that this crate does not know, and what stands in [`extra`](Self#structfield.extra), are no
                /// violations: they may be newer than it. What is not set is not looked at, unless another field needs it.
                ///
                /// # Errors
                ///
                /// The violations, at least one. They become an [`Error`](crate::Error) by `?`.
                pub fn check(&self) -> ::core::result::Result<(), crate::codec::Violations> {
                    let mut checking = crate::codec::Checking::new(#of);
                    checking.limits(self);
                    #rules
                    checking.end()
                }

                /// The request, if it keeps to what the service documents: `function(&core, request.checked()?)` sends
                /// nothing otherwise.
                ///
                /// # Errors
                ///
                /// As [`check`](Self::check).
                pub fn checked(self) -> ::core::result::Result<Self, crate::codec::Violations> {
                    self.check().map(|()| self)
                }
            }
        }
    }
}
