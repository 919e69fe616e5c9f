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
            /// Something newer than this crate, as it was sent. Use `From` to make values out of text that may be new, and
            /// `parse` for text that must be known, so that known text never ends up here.
            Unknown(String),
        }

        impl $name {
            /// Every known value, as it is written on the wire.
            pub const VALUES: &'static [&'static str] = &[$($wire),+];

            /// Every known value.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            /// Whether this version of the crate knows the value.
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Unknown(_))
            }

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

        /// Takes known values alone, as they are written on the wire.
        impl ::core::str::FromStr for $name {
            type Err = $crate::models::UnknownValue;

            fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
                Self::known(text)
                    .ok_or_else(|| $crate::models::UnknownValue::new(stringify!($name), text, Self::VALUES))
            }
        }

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

#[cfg(all(test, feature = "models"))]
mod tests {
    use crate::models::*;

    macro_rules! round_trips {
        ($($name:ident $count:literal),+) => {$(
            assert_eq!($name::VALUES.len(), $count);
            assert_eq!($name::KNOWN.len(), $count);
            for (&wire, known) in $name::VALUES.iter().zip($name::KNOWN) {
                let value = $name::from(wire);
                assert!(value.is_known(), "{wire}");
                assert_eq!((&value, &wire.parse().unwrap()), (known, known));
                assert_eq!((&value == wire, wire == value, value == *"NEW"), (true, true, false));
                assert_eq!((value.as_str(), value.to_string().as_str()), (wire, wire));
                assert_eq!($name::from(wire.to_owned()), value);
            }
            assert_eq!($name::from("NEW"), $name::Unknown("NEW".to_owned()));
            assert_eq!($name::from("NEW".to_owned()).as_str(), "NEW");
            assert!("NEW".parse::<$name>().is_err() && !$name::from("NEW").is_known());
        )+};
    }

    #[test]
    fn every_value_goes_there_and_back() {
        round_trips!(
            JobStatus 3, PresetStyle 31, SdVersion 11, Scheduler 7, ControlnetType 3, CanvasRequestType 4,
            Transparency 2, InitImageType 2, StrengthType 5, VariationType 5, CostUnit 2, ImageExtension 4,
            BlueprintPlatform 4, BlueprintSetting 3, BlueprintStatus 4, BlueprintFailure 1, MediaExtension 4,
            ModelAssetExtension 1, TextureType 5, V2Model 79, V2GuidanceSource 5, V2GuidanceStrength 5, V2GuidanceRole 2,
            PromptEnhance 3, V2Contrast 3, V2Mode 6, RemoveBackgroundSize 4, RemoveBackgroundType 8,
            RemoveBackgroundFormat 3, RemoveBackgroundChannels 2, RemoveBackgroundShadow 4,
            VideoResolution 3, UpscalerStyle 4, UltraUpscaleStyle 2, MotionVariationType 1, MotionModel 6,
            ElementFocus 4, ElementBaseModel 8, CustomModelType 14, TrainingStrength 4, PricingService 10, LcmStyle 14
        );
        assert_eq!(JobStatus::default().as_str(), "");
        assert_eq!(PresetStyle::default().as_str(), "DYNAMIC");
    }

    #[test]
    fn a_value_that_is_not_known_is_told_with_the_nearest_that_is() {
        let error = |text: &str| text.parse::<PresetStyle>().unwrap_err().to_string();
        assert_eq!(error("Cinematic"), "\"Cinematic\" is no known PresetStyle; did you mean CINEMATIC?");
        assert_eq!(error("render-3d"), "\"render-3d\" is no known PresetStyle; did you mean RENDER_3D?");
        let listed = error("?");
        assert!(listed.starts_with("\"?\" is no known PresetStyle; known are ANIME, "), "{listed}");
        let unknown = "Png".parse::<ImageExtension>().unwrap_err();
        assert_eq!((unknown.text(), unknown.known()), ("Png", ImageExtension::VALUES));
    }

    #[test]
    fn json() {
        assert_eq!(serde_json::to_string(&PresetStyle::Render3d).unwrap(), r#""RENDER_3D""#);
        let known: SdVersion = serde_json::from_str(r#""v1_5""#).unwrap();
        assert_eq!(known, SdVersion::V1_5);
        let escaped: SdVersion = serde_json::from_str(r#""v\u0031_5""#).unwrap();
        assert_eq!(escaped, SdVersion::V1_5);
        let value: SdVersion = serde_json::from_value("V9".into()).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), r#""V9""#);
        assert!(serde_json::from_str::<SdVersion>("3").is_err());
        assert!(serde_json::from_str::<SdVersion>("null").is_err());
    }
}
