//! Records: the fields of a struct, and what each is called on the wire.

/// Defines a record of an answer: `name: Type = "name on the wire"` for each field.
///
/// Fields that it does not have are passed over, as are values of the wrong kind, and those that are absent keep their
/// default. `required id: "why not";` at the end refuses records in which that text is blank.
macro_rules! record {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$field_meta:meta])* pub $field:ident: $type:ty = $wire:literal,)+
        }
        $($end:tt)*
    ) => {
        $(#[$meta])*
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)+
        }

        $crate::codec::record::read! { $name { $($field = $wire,)+ } $($end)* }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                $crate::codec::read_some(deserializer)
            }
        }

        $crate::codec::record::write! { $name { $($field = $wire or null,)+ } }
    };
}
pub(crate) use record;

/// Defines a record of a request in the same way. Nothing that is `None` is sent. It is read by serde's derive, which
/// can insist on fields; `.. pub extra,` at the end keeps the fields that it does not have.
macro_rules! request {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$field_meta:meta])* pub $field:ident: $type:ty = $wire:literal,)+
            $(.. $(#[$extra_meta:meta])* pub $extra:ident,)?
        }
    ) => {
        #[derive(::serde::Deserialize)]
        $(#[$meta])*
        pub struct $name {
            $($(#[$field_meta])* #[serde(rename = $wire)] pub $field: $type,)+
            $(
                $(#[$extra_meta])*
                #[serde(flatten)]
                pub $extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
            )?
        }

        $crate::codec::record::write! { $name { $($field = $wire or skip,)+ } $(.. $extra)? }
    };
}
pub(crate) use request;

/// How a struct is filled.
macro_rules! read {
    (
        $name:ident { $($field:ident = $wire:literal,)+ }
        $(required $($required:ident),+: $missing:literal;)?
    ) => {
        impl $crate::codec::Record for $name {
            fn slot(&mut self, name: &str) -> ::core::option::Option<&mut dyn $crate::codec::Slot> {
                ::core::option::Option::Some(match name {
                    $($wire => &mut self.$field,)+
                    _ => return ::core::option::Option::None,
                })
            }

            $(fn end(&mut self) -> ::core::result::Result<(), &'static str> {
                if $(self.$required.as_str().trim_ascii().is_empty())||+ {
                    return ::core::result::Result::Err($missing);
                }
                ::core::result::Result::Ok(())
            })?
        }

        impl $crate::codec::Slot for $name {
            fn take(&mut self, given: $crate::codec::Given<'_>) -> $crate::codec::Taken<'_> {
                match given {
                    $crate::codec::Given::Object => $crate::codec::Taken::Record(self),
                    _ => $crate::codec::Taken::Refused("an object"),
                }
            }

            $(fn id(&self) -> ::core::option::Option<&str> {
                [$(self.$required.as_str()),+].into_iter().find(|id| !id.trim_ascii().is_empty())
            })?
        }

        impl $crate::codec::Slot for ::core::option::Option<$name> {
            fn take(&mut self, given: $crate::codec::Given<'_>) -> $crate::codec::Taken<'_> {
                match given {
                    $crate::codec::Given::Object => {
                        $crate::codec::Taken::Record(self.insert(::core::default::Default::default()))
                    }
                    $crate::codec::Given::Nothing => {
                        *self = ::core::option::Option::None;
                        $crate::codec::Taken::Done
                    }
                    _ => $crate::codec::Taken::Refused("an object"),
                }
            }
        }
    };
}
pub(crate) use read;

/// How a struct goes out, without what is `None` or with `null` in its place.
macro_rules! write {
    (@put $put:ident, $wire:literal, $value:expr, skip) => {
        if !$crate::codec::Put::is_none($value) {
            $put($wire, $value);
        }
    };
    (@put $put:ident, $wire:literal, $value:expr, null) => {
        $put($wire, $value)
    };
    ($name:ident { $($field:ident = $wire:literal or $none:ident,)+ } $(.. $extra:ident)?) => {
        impl $crate::codec::Fields for $name {
            fn each(&self, put: &mut dyn FnMut(&str, &dyn $crate::codec::Put)) {
                $($crate::codec::record::write!(@put put, $wire, &self.$field, $none);)+
                $($crate::codec::Fields::each(&self.$extra, put);)?
            }
        }

        impl $crate::codec::Put for $name {
            fn out(&self) -> $crate::codec::Out<'_> {
                $crate::codec::Out::Record(self)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::codec::write(self, serializer)
            }
        }
    };
}
pub(crate) use write;
