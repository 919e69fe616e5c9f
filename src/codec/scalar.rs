//! Places for booleans, numbers and texts.

use std::borrow::Cow;

use super::place::{Input, Outcome, Place};

macro_rules! scalars {
    ($($type:ty: $read:ident, $wanted:literal;)+) => {$(
        impl Place for $type {
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

        impl Place for Option<$type> {
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

/// What became of a text that may have been made out of a number.
pub(crate) fn taken<'a>(text: &Cow<'_, str>) -> Outcome<'a> {
    match text {
        Cow::Borrowed(_) => Outcome::Done,
        Cow::Owned(_) => Outcome::Converted("a string"),
    }
}

/// Places for a type that is made out of text: `name` or `text`, as those of [`Input`].
macro_rules! text_places {
    ($type:ty: $read:ident) => {
        impl $crate::codec::Place for $type {
            fn empty() -> Self {
                "".into()
            }

            fn set(&mut self, input: $crate::codec::Input<'_>) -> $crate::codec::Outcome<'_> {
                match input.$read() {
                    Ok(text) => {
                        *self = (&*text).into();
                        $crate::codec::taken(&text)
                    }
                    Err(_) => $crate::codec::Outcome::Mismatch("a string"),
                }
            }
        }

        impl $crate::codec::Place for ::core::option::Option<$type> {
            fn empty() -> Self {
                None
            }

            fn set(&mut self, input: $crate::codec::Input<'_>) -> $crate::codec::Outcome<'_> {
                match input.$read() {
                    Ok(text) => {
                        *self = Some((&*text).into());
                        $crate::codec::taken(&text)
                    }
                    Err(_) if matches!(input, $crate::codec::Input::Null) => {
                        *self = None;
                        $crate::codec::Outcome::Done
                    }
                    Err(_) => $crate::codec::Outcome::Mismatch("a string"),
                }
            }
        }
    };
}
pub(crate) use text_places;

text_places! { String: text }

/// How a type of this crate that is made out of text is read and written.
macro_rules! text {
    ($name:ident) => {
        $crate::codec::text_places! { $name: name }

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
