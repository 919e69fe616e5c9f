//! Identifiers: one type for each kind of thing.

use std::borrow::Borrow;
use std::convert::Infallible;
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{self, Decode, Encode, Fragment, Input, Outcome, text};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; nothing about its form is checked.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The text of the identifier.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Gives the text away without copying it.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        text! { $name }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Infallible;

            fn from_str(id: &str) -> Result<Self, Infallible> {
                Ok(Self(id.to_owned()))
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<&String> for $name {
            fn from(id: &String) -> Self {
                Self(id.clone())
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

ids! {
    /// Names one generation: the job that a create request starts, and the images it leaves behind.
    ///
    /// Any text becomes an identifier, but an identifier of one kind never becomes one of another kind:
    ///
    /// ```
    /// use leonardo_ai::models::GenerationId;
    ///
    /// fn look_up(id: impl Into<GenerationId>) -> String {
    ///     id.into().into_string()
    /// }
    ///
    /// let id = GenerationId::new("75925cd2-fb65-4e8c-84c0-6cc010a528e3");
    /// assert_eq!(look_up(&id), look_up("75925cd2-fb65-4e8c-84c0-6cc010a528e3"));
    /// ```
    ///
    /// ```compile_fail,E0277
    /// use leonardo_ai::models::{GenerationId, ImageId};
    ///
    /// fn look_up(id: impl Into<GenerationId>) -> String {
    ///     id.into().into_string()
    /// }
    ///
    /// look_up(ImageId::new("1f4a36cc-1cb0-4b2a-b3ef-932e30170438"));
    /// ```
    GenerationId;
    /// Names one generated image.
    ImageId;
    /// Names the owner of an account.
    UserId;
    /// Names an image that was uploaded to start from, or as a canvas image or mask.
    InitImageId;
    /// Names a model, whether the platform's or one's own.
    ModelId;
    /// Names what was made out of a generated image: an upscale, a cut-out and so on.
    VariationId;
    /// Names an element (a LoRA) of the platform, the `akUUID` of the wire.
    ElementId;
    /// Names an image that work starts from, whether it was generated or uploaded. An [`ImageId`] and an [`InitImageId`]
    /// convert into it.
    SourceImageId;
    /// Names an uploaded video or sound.
    MediaId;
    /// Names an uploaded 3D model.
    ModelAssetId;
    /// Names a job that makes textures.
    TextureGenerationId;
    /// Names one texture.
    TextureImageId;
    /// Names a data set for training.
    DatasetId;
    /// Names one picture of a data set.
    DatasetImageId;
    /// Names a blueprint.
    BlueprintId;
    /// Names one version of a blueprint, which is what can be run.
    BlueprintVersionId;
    /// Names one run of a blueprint.
    BlueprintExecutionId;
    /// Names a job that gives its result in the same response, such as the removal of a background.
    SyncGenerationId;
}

/// Models of the platform that are often used; `models_list_platform_models` lists them all.
///
/// ```
/// # #[cfg(feature = "models")] {
/// use leonardo_ai::models::{CreateGenerationRequest, ModelId};
///
/// let request = CreateGenerationRequest::new("a lighthouse at dusk").model_id(ModelId::PHOENIX_1_0);
/// assert_eq!(request.model_id.unwrap(), ModelId::PHOENIX_1_0);
/// # }
/// ```
impl ModelId {
    /// Phoenix 1.0.
    pub const PHOENIX_1_0: &'static str = "de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3";
    /// Phoenix 0.9.
    pub const PHOENIX_0_9: &'static str = "6b645e3a-d64f-4341-a6d8-7a3690fbf042";
    /// Lucid Origin.
    pub const LUCID_ORIGIN: &'static str = "7b592283-e8a7-4c5a-9ba6-d18c31f258b9";
    /// Lucid Realism.
    pub const LUCID_REALISM: &'static str = "05ce0082-2d80-4a2d-8653-4d1c85e2418e";
    /// FLUX Dev.
    pub const FLUX_DEV: &'static str = "b2614463-296c-462a-9586-aafdb8f00e36";
    /// FLUX Schnell.
    pub const FLUX_SCHNELL: &'static str = "1dd50843-d653-4516-a8e3-f0238ee453ff";
    /// FLUX.1 Kontext.
    pub const FLUX_KONTEXT: &'static str = "28aeddf8-bd19-4803-80fc-79602d1a9989";
    /// Leonardo Lightning XL, which `CreateGenerationRequest` has by default.
    pub const LIGHTNING_XL: &'static str = "b24e16ff-06e3-43eb-8d33-4416c2d75876";
    /// Leonardo Kino XL.
    pub const KINO_XL: &'static str = "aa77f04e-3eec-4034-9c07-d0f619684628";
    /// Leonardo Anime XL.
    pub const ANIME_XL: &'static str = "e71a1c2f-4f80-4800-934f-2c68979d8cc8";
    /// Leonardo Diffusion XL.
    pub const DIFFUSION_XL: &'static str = "1e60896f-3c26-4296-8ecc-53e2afecc132";
    /// Leonardo Vision XL.
    pub const VISION_XL: &'static str = "5c232a9e-9061-4777-980a-ddc8e65647c6";
    /// AlbedoBase XL.
    pub const ALBEDO_BASE_XL: &'static str = "2067ae52-33fd-4a82-bb92-c2c55e7d2786";
}

impl From<ImageId> for SourceImageId {
    fn from(id: ImageId) -> Self {
        Self(id.0)
    }
}

impl From<InitImageId> for SourceImageId {
    fn from(id: InitImageId) -> Self {
        Self(id.0)
    }
}

/// The number of an element (a LoRA) of one's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserElementId(i64);

impl UserElementId {
    /// Takes the number as it is.
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl From<i64> for UserElementId {
    fn from(id: i64) -> Self {
        Self(id)
    }
}

impl From<UserElementId> for i64 {
    fn from(id: UserElementId) -> Self {
        id.0
    }
}

impl FromStr for UserElementId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for UserElementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Decode for UserElementId {
    fn empty() -> Self {
        Self(0)
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        self.0.set(input)
    }
}

impl Decode for Option<UserElementId> {
    fn empty() -> Self {
        None
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        match input.int() {
            Ok(number) => *self = number.map(UserElementId),
            Err(_) => return Outcome::Mismatch("an integer"),
        }
        Outcome::Done
    }
}

impl Encode for UserElementId {
    fn fragment(&self) -> Fragment<'_> {
        Fragment::Int(self.0)
    }
}

impl Serialize for UserElementId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for UserElementId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        codec::read_request(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions() {
        let text = String::from("abc");
        let id = UserId::new("abc");
        assert_eq!(id, UserId::from("abc"));
        assert_eq!(id, UserId::from(&text));
        assert_eq!(id, UserId::from(text));
        assert_eq!(id, UserId::from(&id));
        assert_eq!(id.as_ref(), "abc");
        assert_eq!(id.as_str(), "abc");
        assert_eq!(format!("{id}|{id:>5}"), "abc|  abc");
        assert_eq!(String::from(id.clone()), id.into_string());
        assert_eq!(UserId::default().as_str(), "");
    }
}
