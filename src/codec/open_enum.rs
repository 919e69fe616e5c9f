//! Enums that the service may extend at any time.

/// Makes an enum over text that keeps whatever it does not know: `Variant = "WIRE"` for each value.
///
/// The enum gets a further variant, `Unknown(String)`. `#[default(Variant)]`, after the documentation, adds `Default`;
/// `#[default(Unknown)]` is empty text. In parentheses, rustfmt formats it.
macro_rules! open_enum {
    (
        $(#[doc = $doc:literal])*
        $(#[default($default:ident)])?
        pub enum $name:ident {
            $($(#[doc = $variant_doc:literal])* $variant:ident = $wire:literal,)+
        }
    ) => {
        $(#[doc = $doc])*
        ///
        /// The set is open: text outside of it is kept in `Unknown`, and goes out again unchanged.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[doc = $variant_doc])* $variant,)+
            /// Something newer than this crate, as it was sent. Use `From` to make values out of text, so that known
            /// text never ends up here.
            Unknown(String),
        }

        impl $name {
            /// Every known value, as it is written on the wire.
            pub const VALUES: &'static [&'static str] = &[$($wire),+];

            /// The value as it is written on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)+
                    Self::Unknown(text) => text,
                }
            }

            fn known(text: &str) -> ::core::option::Option<Self> {
                ::core::option::Option::Some(match text {
                    $($wire => Self::$variant,)+
                    _ => return ::core::option::Option::None,
                })
            }
        }

        $crate::codec::text! { $name }

        $(impl ::core::default::Default for $name {
            fn default() -> Self {
                $crate::codec::open_enum!(@default $default)
            }
        })?

        impl ::core::convert::From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::known(text).unwrap_or_else(|| Self::Unknown(text.to_owned()))
            }
        }

        impl ::core::convert::From<::std::string::String> for $name {
            fn from(text: ::std::string::String) -> Self {
                Self::known(&text).unwrap_or(Self::Unknown(text))
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
    (@default Unknown) => {
        Self::Unknown(::std::string::String::new())
    };
    (@default $variant:ident) => {
        Self::$variant
    };
}

pub(crate) use open_enum;
