//! Places for booleans, numbers and texts.

use std::borrow::Cow;

use super::input::{Decode, Input, Outcome, Refused};

macro_rules! scalars {
    ($($type:ty: $read:ident, $wanted:literal;)+) => {$(
        impl Decode for $type {
            fn empty() -> Self {
                <$type>::default()
            }

            fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
                match input.$read() {
                    Ok(Some(value)) => *self = value,
                    _ => return Outcome::Mismatch($wanted),
                }
                Outcome::Done
            }
        }

        impl Decode for Option<$type> {
            fn empty() -> Self {
                None
            }

            fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
                match input.$read() {
                    Ok(value) => *self = value,
                    Err(_) => return Outcome::Mismatch($wanted),
                }
                Outcome::Done
            }
        }
    )+};
}

scalars! {
    bool: bool, "a boolean";
    u32: u32, "an integer from 0 to 4294967295";
    i64: int, "an integer";
    f64: float, "a number";
}

/// Hands a text, or `None` for `null`, to `set`, which tells whether it takes it.
pub(crate) fn set_text<'a>(
    text: Result<Option<Cow<'_, str>>, Refused>,
    set: &mut dyn FnMut(Option<&str>) -> bool,
) -> Outcome<'a> {
    match text {
        Ok(text) if !set(text.as_deref()) => Outcome::Mismatch("a string"),
        Ok(Some(Cow::Owned(_))) => Outcome::Converted("a string"),
        Ok(_) => Outcome::Done,
        Err(_) => Outcome::Mismatch("a string"),
    }
}

/// Places for a type that is made out of text: `name` or `text`, as those of [`Input`].
macro_rules! text_places {
    ($type:ty: $read:ident) => {
        impl $crate::codec::Decode for $type {
            fn empty() -> Self {
                "".into()
            }

            fn set(&mut self, input: $crate::codec::Input<'_>) -> $crate::codec::Outcome<'_> {
                // What it almost always is.
                if let $crate::codec::Input::Text(text) = input {
                    *self = text.into();
                    return $crate::codec::Outcome::Done;
                }
                $crate::codec::set_text(input.$read(), &mut |text| text.map(|text| *self = text.into()).is_some())
            }
        }

        impl $crate::codec::Decode for ::core::option::Option<$type> {
            fn empty() -> Self {
                None
            }

            fn set(&mut self, input: $crate::codec::Input<'_>) -> $crate::codec::Outcome<'_> {
                if let $crate::codec::Input::Text(text) = input {
                    *self = Some(text.into());
                    return $crate::codec::Outcome::Done;
                }
                $crate::codec::set_text(input.$read(), &mut |text| {
                    *self = text.map(Into::into);
                    true
                })
            }
        }
    };
}
pub(crate) use text_places;

text_places! { String: text }

/// How a type of this crate that is made out of text is read and written, and compared with text.
macro_rules! text {
    ($name:ident) => {
        $crate::codec::text_places! { $name: name }

        impl ::core::cmp::PartialEq<str> for $name {
            fn eq(&self, text: &str) -> bool {
                self.as_str() == text
            }
        }

        impl ::core::cmp::PartialEq<&str> for $name {
            fn eq(&self, text: &&str) -> bool {
                self.as_str() == *text
            }
        }

        impl ::core::cmp::PartialEq<$name> for str {
            fn eq(&self, other: &$name) -> bool {
                self == other.as_str()
            }
        }

        impl ::core::cmp::PartialEq<$name> for &str {
            fn eq(&self, other: &$name) -> bool {
                *self == other.as_str()
            }
        }

        impl $crate::codec::Encode for $name {
            fn fragment(&self) -> $crate::codec::Fragment<'_> {
                $crate::codec::Fragment::Text(self.as_str())
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                $crate::codec::read_text(deserializer).map(Self::from)
            }
        }
    };
}
pub(crate) use text;
