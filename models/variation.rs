//! Variations: what is made out of one picture or video, such as an upscale.

use serde_json::{Map, Value};

use super::{
    Cost, ImageId, InitImageId, JobStatus, SourceImageId, Timestamp, VariationId, VariationType, VideoResolution,
};
use crate::codec::{Model, Record, open_enum};

mod rules;

/// Asks for a picture that shows more of the surroundings.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked)]
pub struct CreateVariationUnzoomRequest {
    /// The generated image, or the variation of one; not an uploaded image.
    #[model(required, length = 1..)]
    pub id: SourceImageId,
    /// Whether [`id`](field@Self::id) is that of a variation. It must be true then, and only then.
    pub is_variation: Option<bool>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateVariationUnzoomRequest {
    /// Of a generated image.
    pub fn new(image: impl Into<ImageId>) -> Self {
        Self { id: image.into().into(), ..Self::empty() }
    }

    /// Of a variation.
    pub fn of_variation(variation: impl Into<VariationId>) -> Self {
        Self { id: variation.into().into_string().into(), is_variation: Some(true), ..Self::empty() }
    }
}

/// Asks for a larger picture.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked)]
pub struct CreateVariationUpscaleRequest {
    /// The generated image; neither an uploaded image nor a variation.
    #[model(required, length = 1..)]
    pub id: ImageId,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateVariationUpscaleRequest {
    /// Of a generated image.
    pub fn new(image: impl Into<ImageId>) -> Self {
        Self { id: image.into(), ..Self::empty() }
    }
}

/// Asks for the picture without its background.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked)]
pub struct CreateVariationNoBgRequest {
    /// The generated image, or the variation of one; not an uploaded image.
    #[model(required, length = 1..)]
    pub id: SourceImageId,
    /// Whether [`id`](field@Self::id) is that of a variation. It must be true then, and only then.
    pub is_variation: Option<bool>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateVariationNoBgRequest {
    /// Of a generated image.
    pub fn new(image: impl Into<ImageId>) -> Self {
        Self { id: image.into().into(), ..Self::empty() }
    }

    /// Of a variation.
    pub fn of_variation(variation: impl Into<VariationId>) -> Self {
        Self { id: variation.into().into_string().into(), is_variation: Some(true), ..Self::empty() }
    }
}

/// Asks the universal upscaler for a larger picture with more detail, of at most 20 megapixels.
///
/// Exactly one image is named: generated, uploaded, or a variation. There are two ways to upscale, of which a request
/// asks for one, by [`upscaler_style`](field@Self::upscaler_style) or by
/// [`ultra_upscale_style`](field@Self::ultra_upscale_style).
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked = rules::universal_upscaler)]
pub struct CreateUniversalUpscalerJobRequest {
    /// The image, if it was generated.
    pub generated_image_id: Option<ImageId>,
    /// The image, if it was uploaded.
    pub init_image_id: Option<InitImageId>,
    /// The image, if it is a variation.
    pub variation_id: Option<VariationId>,
    /// The style of the first way. Not together with [`ultra_upscale_style`](field@Self::ultra_upscale_style). The
    /// service takes [`UpscalerStyle::General`] when neither is sent.
    pub upscaler_style: Option<UpscalerStyle>,
    /// The style of the second way, ultra. Not together with [`upscaler_style`](field@Self::upscaler_style).
    pub ultra_upscale_style: Option<UltraUpscaleStyle>,
    /// How freely detail is added, 1 to 10; the service takes 5 when this is not sent.
    #[model(range = 1..=10)]
    pub creativity_strength: Option<u32>,
    /// How many times larger each side becomes, 1 to 2; the service takes 1.5 when this is not sent.
    #[model(range = 1..=2)]
    pub upscale_multiplier: Option<f64>,
    /// Contrast of the details, 1 to 10; needs [`ultra_upscale_style`](field@Self::ultra_upscale_style).
    #[model(range = 1..=10)]
    pub detail_contrast: Option<u32>,
    /// How close to stay to the image, 1 to 10; needs [`ultra_upscale_style`](field@Self::ultra_upscale_style).
    #[model(range = 1..=10)]
    pub similarity: Option<u32>,
    /// What the picture shows.
    pub prompt: Option<String>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateUniversalUpscalerJobRequest {
    /// Of a generated image.
    pub fn generated(image: impl Into<ImageId>) -> Self {
        Self { generated_image_id: Some(image.into()), ..Self::empty() }
    }

    /// Of an uploaded image.
    pub fn uploaded(image: impl Into<InitImageId>) -> Self {
        Self { init_image_id: Some(image.into()), ..Self::empty() }
    }

    /// Of a variation.
    pub fn of_variation(variation: impl Into<VariationId>) -> Self {
        Self { variation_id: Some(variation.into()), ..Self::empty() }
    }
}

open_enum!(
    /// The style of the universal upscaler's first way.
    pub enum UpscalerStyle {
        /// For all purposes.
        General = "GENERAL",
        /// As in a film.
        Cinematic = "CINEMATIC",
        /// Drawings and illustrations.
        Art2d = "2D ART & ILLUSTRATION",
        /// Rendered art and things of games.
        CgArt = "CG ART & GAME ASSETS",
    }
);

open_enum!(
    /// The style of the universal upscaler's second way, ultra.
    pub enum UltraUpscaleStyle {
        /// Free in its detail.
        Artistic = "ARTISTIC",
        /// True to life.
        Realistic = "REALISTIC",
    }
);

/// The job that makes a variation.
///
/// By the time this arrives it is paid for, so nothing but the identifier is insisted on.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct VariationJob {
    /// The variation's identifier, which it is read by.
    #[model(required)]
    pub id: VariationId,
    /// The cost in API credits. Deprecated and often absent: use [`cost`](Self::cost).
    pub api_credit_cost: Option<f64>,
    /// What the job is charged.
    pub cost: Option<Cost>,
}

/// What was made out of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct Variation {
    /// The variation's identifier.
    #[model(required)]
    pub id: VariationId,
    /// How far it is.
    pub status: JobStatus,
    /// How it was made. The universal upscaler has no documented value.
    pub transform_type: VariationType,
    /// Where it is, once it is complete. The link works without the API key, which must not be sent there.
    pub url: Option<String>,
    /// When the request was accepted, in UTC.
    pub created_at: Option<Timestamp>,
}

impl Variation {
    /// Whether it is done, and the picture is there.
    pub fn is_complete(&self) -> bool {
        self.status == JobStatus::Complete
    }

    /// Whether it is over, without a picture.
    pub fn is_failed(&self) -> bool {
        self.status == JobStatus::Failed
    }
}

/// What was made out of a video.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct MotionVariation {
    /// The variation's identifier.
    #[model(required)]
    pub id: VariationId,
    /// How far it is.
    pub status: JobStatus,
    /// How it was made.
    pub motion_transform_type: MotionVariationType,
    /// How large the video is.
    pub resolution: VideoResolution,
    /// Where the video is, once it is complete. The link works without the API key, which must not be sent there.
    pub url: Option<String>,
    /// When the request was accepted, in UTC.
    pub created_at: Option<Timestamp>,
}

impl MotionVariation {
    /// Whether it is done, and the video is there.
    pub fn is_complete(&self) -> bool {
        self.status == JobStatus::Complete
    }

    /// Whether it is over, without a video.
    pub fn is_failed(&self) -> bool {
        self.status == JobStatus::Failed
    }
}

open_enum!(
    /// How a variation was made out of its video.
    #[default(Unknown)]
    pub enum MotionVariationType {
        /// Enlarged.
        Upscale = "UPSCALE",
    }
);

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;

    #[test]
    fn a_variation_is_told_apart_from_an_image() {
        let sent = |request| to_value::<CreateVariationUnzoomRequest>(request).unwrap();
        assert_eq!(sent(CreateVariationUnzoomRequest::new("i")), json!({"id": "i"}));
        assert_eq!(sent(CreateVariationUnzoomRequest::of_variation("v")), json!({"id": "v", "isVariation": true}));
        let sent = |request| to_value::<CreateVariationNoBgRequest>(request).unwrap();
        assert_eq!(sent(CreateVariationNoBgRequest::new("i")), json!({"id": "i"}));
        assert_eq!(sent(CreateVariationNoBgRequest::of_variation("v")), json!({"id": "v", "isVariation": true}));
        assert_eq!(to_value(CreateVariationUpscaleRequest::new("i")).unwrap(), json!({"id": "i"}));
    }

    #[test]
    fn the_universal_upscaler_is_given_one_image_and_nothing_else() {
        let sent = |request| to_value::<CreateUniversalUpscalerJobRequest>(request).unwrap();
        assert_eq!(sent(CreateUniversalUpscalerJobRequest::generated("i")), json!({"generatedImageId": "i"}));
        assert_eq!(sent(CreateUniversalUpscalerJobRequest::uploaded("i")), json!({"initImageId": "i"}));
        let ultra =
            CreateUniversalUpscalerJobRequest::of_variation("v").ultra_upscale_style(UltraUpscaleStyle::Artistic);
        assert_eq!(sent(ultra), json!({"variationId": "v", "ultraUpscaleStyle": "ARTISTIC"}));
    }
}
