//! What workflows give and report, as JSON: no record of the service's, so its fields are named here.

/// Has a struct be serialised as these fields, each under its wire name.
macro_rules! serialize {
    ($(#[$attribute:meta])* impl[$($generics:tt)*] $type:ty { $($field:ident => $name:literal),* $(,)? }) => {
        $(#[$attribute])*
        impl<$($generics)*> ::serde::Serialize for $type {
            fn serialize<Z: ::serde::Serializer>(&self, serializer: Z) -> ::core::result::Result<Z::Ok, Z::Error> {
                use ::serde::ser::SerializeStruct as _;
                let fields = [$($name),*].len();
                let mut fields = serializer.serialize_struct(stringify!($type), fields)?;
                $(fields.serialize_field($name, &self.$field)?;)*
                fields.end()
            }
        }
    };
}
pub(crate) use serialize;
