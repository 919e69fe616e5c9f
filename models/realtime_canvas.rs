//! The realtime canvas: pictures that come in the response.

use std::fmt;

use serde_json::{Map, Value};

use super::{Cost, GenerationId, ImageId, VariationId};
use crate::codec::{Model, Record, open_enum, text};

/// A picture as the text of a URL that holds all of it: `data:image/jpeg;base64,` and its bytes in base64.
///
/// `Debug` shows what it begins with and how long it is.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct DataUrl(String);

impl DataUrl {
    /// Takes the text as it is.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The text of the URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Gives the text away without copying it.
    pub fn into_string(self) -> String {
        self.0
    }

    /// The bytes of the picture in base64; `None` unless the URL is a `data:` one in base64.
    pub fn base64(&self) -> Option<&str> {
        let (kind, data) = self.0.strip_prefix("data:")?.split_once(',')?;
        kind.ends_with(";base64").then_some(data)
    }
}

text! { DataUrl }

impl From<&str> for DataUrl {
    fn from(url: &str) -> Self {
        Self(url.to_owned())
    }
}

impl From<String> for DataUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl AsRef<str> for DataUrl {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DataUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The most that is shown of what stands before the data.
        const SHOWN: usize = 64;
        let (kind, _) = self.0.split_once(',').unwrap_or_default();
        let kind = if kind.len() <= SHOWN { kind } else { "" };
        write!(f, "DataUrl({kind:?} … {} bytes)", self.0.len())
    }
}

/// Asks for a picture out of a sketch.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked)]
pub struct CreateLcmGenerationRequest {
    /// The picture to start from, a JPEG.
    #[model(required, prefix = "data:image/jpeg;base64,")]
    pub image_data_url: DataUrl,
    /// What to paint.
    #[model(required, length = 1..)]
    pub prompt: String,
    /// How closely to follow the prompt, 0.5 to 20.
    #[model(range = 0.5..=20)]
    pub guidance: Option<f64>,
    /// How far to go from the picture, 0.1 to 1.
    #[model(range = 0.1..=1)]
    pub strength: Option<f64>,
    /// The look.
    pub style: Option<LcmStyle>,
    /// Steps of the sampler, 4 to 16.
    #[model(range = 4..=16)]
    pub steps: Option<u32>,
    /// Width in pixels: 512, 640 or 1024; the service takes 512 when this is not sent.
    #[model(one_of = [512, 640, 1024])]
    pub width: Option<u32>,
    /// Height in pixels: 512, 640 or 1024; the service takes 512 when this is not sent.
    #[model(one_of = [512, 640, 1024])]
    pub height: Option<u32>,
    /// Where the randomness starts, at most 9999999998.
    #[model(range = ..=9999999998)]
    pub seed: Option<i64>,
    /// Comes back in the response, so that one that is late can be told apart.
    pub request_timestamp: Option<String>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateLcmGenerationRequest {
    /// Paints what the prompt says, starting from a picture.
    pub fn new(image: impl Into<DataUrl>, prompt: impl Into<String>) -> Self {
        Self { image_data_url: image.into(), prompt: prompt.into(), ..Self::empty() }
    }
}

/// Asks for a finer picture.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked)]
pub struct PerformInstantRefineRequest {
    /// The picture to refine, a JPEG.
    #[model(required, prefix = "data:image/jpeg;base64,")]
    pub image_data_url: DataUrl,
    /// What the picture shows.
    #[model(required, length = 1..)]
    pub prompt: String,
    /// How closely to follow the prompt, 0.5 to 20.
    #[model(range = 0.5..=20)]
    pub guidance: Option<f64>,
    /// How far to go from the picture, 0.1 to 1.
    #[model(range = 0.1..=1)]
    pub strength: Option<f64>,
    /// The look.
    pub style: Option<LcmStyle>,
    /// Steps of the sampler, 4 to 16.
    #[model(range = 4..=16)]
    pub steps: Option<u32>,
    /// Width in pixels: 512, 640 or 1024; the service takes 512 when this is not sent.
    #[model(one_of = [512, 640, 1024])]
    pub width: Option<u32>,
    /// Height in pixels: 512, 640 or 1024; the service takes 512 when this is not sent.
    #[model(one_of = [512, 640, 1024])]
    pub height: Option<u32>,
    /// Where the randomness starts, at most 9999999998.
    #[model(range = ..=9999999998)]
    pub seed: Option<i64>,
    /// Comes back in the response, so that one that is late can be told apart.
    pub request_timestamp: Option<String>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl PerformInstantRefineRequest {
    /// Refines a picture that shows what the prompt says.
    pub fn new(image: impl Into<DataUrl>, prompt: impl Into<String>) -> Self {
        Self { image_data_url: image.into(), prompt: prompt.into(), ..Self::empty() }
    }
}

/// Asks for a part of a picture to be painted anew.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked)]
pub struct PerformInpaintingLcmRequest {
    /// The picture, a JPEG.
    #[model(required, prefix = "data:image/jpeg;base64,")]
    pub image_data_url: DataUrl,
    /// The mask, a JPEG of the same size in pixels: what is white is painted anew, what is black stays.
    #[model(required, prefix = "data:image/jpeg;base64,")]
    pub mask_data_url: DataUrl,
    /// What to paint.
    #[model(required, length = 1..)]
    pub prompt: String,
    /// How closely to follow the prompt, 0.5 to 20.
    #[model(range = 0.5..=20)]
    pub guidance: Option<f64>,
    /// How far to go from the picture, 0.1 to 1.
    #[model(range = 0.1..=1)]
    pub strength: Option<f64>,
    /// The look.
    pub style: Option<LcmStyle>,
    /// Steps of the sampler, 4 to 16.
    #[model(range = 4..=16)]
    pub steps: Option<u32>,
    /// Width in pixels: 512, 640 or 1024; the service takes 512 when this is not sent.
    #[model(one_of = [512, 640, 1024])]
    pub width: Option<u32>,
    /// Height in pixels: 512, 640 or 1024; the service takes 512 when this is not sent.
    #[model(one_of = [512, 640, 1024])]
    pub height: Option<u32>,
    /// Where the randomness starts, at most 9999999998.
    #[model(range = ..=9999999998)]
    pub seed: Option<i64>,
    /// Comes back in the response, so that one that is late can be told apart.
    pub request_timestamp: Option<String>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl PerformInpaintingLcmRequest {
    /// Paints what the prompt says where the mask is white.
    pub fn new(image: impl Into<DataUrl>, mask: impl Into<DataUrl>, prompt: impl Into<String>) -> Self {
        Self { image_data_url: image.into(), mask_data_url: mask.into(), prompt: prompt.into(), ..Self::empty() }
    }
}

/// Asks for a larger picture, which the service keeps.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked)]
pub struct PerformAlchemyUpscaleLcmRequest {
    /// The picture to upscale, a JPEG.
    #[model(required, prefix = "data:image/jpeg;base64,")]
    pub image_data_url: DataUrl,
    /// What the picture shows.
    #[model(required, length = 1..)]
    pub prompt: String,
    /// How closely to follow the prompt, 0.5 to 20.
    #[model(range = 0.5..=20)]
    pub guidance: Option<f64>,
    /// How far to go from the picture, 0.1 to 1.
    #[model(range = 0.1..=1)]
    pub strength: Option<f64>,
    /// The look.
    pub style: Option<LcmStyle>,
    /// Steps of the sampler, 4 to 16.
    #[model(range = 4..=16)]
    pub steps: Option<u32>,
    /// Width in pixels: 512, 640 or 1024; the service takes 512 when this is not sent.
    #[model(one_of = [512, 640, 1024])]
    pub width: Option<u32>,
    /// Height in pixels: 512, 640 or 1024; the service takes 512 when this is not sent.
    #[model(one_of = [512, 640, 1024])]
    pub height: Option<u32>,
    /// Where the randomness starts, at most 9999999998.
    #[model(range = ..=9999999998)]
    pub seed: Option<i64>,
    /// Comes back in the response, so that one that is late can be told apart.
    pub request_timestamp: Option<String>,
    /// Whether to refine it smoothly.
    pub refine_creative: Option<bool>,
    /// How strongly to refine it, 0.5 to 0.9.
    #[model(range = 0.5..=0.9)]
    pub refine_strength: Option<f64>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl PerformAlchemyUpscaleLcmRequest {
    /// Upscales a picture that shows what the prompt says.
    pub fn new(image: impl Into<DataUrl>, prompt: impl Into<String>) -> Self {
        Self { image_data_url: image.into(), prompt: prompt.into(), ..Self::empty() }
    }
}

open_enum!(
    /// The look of a picture of the realtime canvas.
    pub enum LcmStyle {
        /// Japanese animation.
        Anime = "ANIME",
        /// A scene out of a film.
        Cinematic = "CINEMATIC",
        /// Digital art.
        DigitalArt = "DIGITAL_ART",
        /// Lively.
        Dynamic = "DYNAMIC",
        /// Landscapes and places.
        Environment = "ENVIRONMENT",
        /// Fantasy.
        FantasyArt = "FANTASY_ART",
        /// Drawn illustration.
        Illustration = "ILLUSTRATION",
        /// Photography.
        Photography = "PHOTOGRAPHY",
        /// Rendered from a 3D model.
        Render3d = "RENDER_3D",
        /// Ray tracing.
        Raytraced = "RAYTRACED",
        /// A sketch in black and white.
        SketchBw = "SKETCH_BW",
        /// A sketch in colour.
        SketchColor = "SKETCH_COLOR",
        /// Strong colours.
        Vibrant = "VIBRANT",
        /// No style at all.
        None = "NONE",
    }
);

/// Pictures of the realtime canvas. They are nowhere else: the service does not keep them.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct LcmGeneration {
    /// The pictures.
    pub image_data_url: Vec<DataUrl>,
    /// What the request said.
    pub request_timestamp: Option<String>,
    /// The cost in API credits. Deprecated and often absent: use [`cost`](Self::cost).
    pub api_credit_cost: Option<f64>,
    /// What the pictures are charged.
    pub cost: Option<Cost>,
}

/// Pictures of the realtime canvas that were upscaled, and where the service keeps them.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct LcmUpscale {
    /// The pictures.
    pub image_data_url: Vec<DataUrl>,
    /// The generations that they belong to.
    pub generation_id: Vec<GenerationId>,
    /// The variations that they are.
    pub variation_id: Vec<VariationId>,
    /// The image that they are made out of.
    pub generated_image_id: Option<ImageId>,
    /// What the request said.
    pub request_timestamp: Option<String>,
    /// The cost in API credits. Deprecated and often absent: use [`cost`](Self::cost).
    pub api_credit_cost: Option<f64>,
    /// What the pictures are charged.
    pub cost: Option<Cost>,
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn pictures_are_not_printed() {
        let picture = format!("data:image/jpeg;base64,{}", "Ab9/".repeat(1_000_000));
        let requests = [
            format!("{:?}", CreateLcmGenerationRequest::new(&*picture, "p")),
            format!("{:?}", PerformInstantRefineRequest::new(&*picture, "p")),
            format!("{:?}", PerformInpaintingLcmRequest::new(&*picture, &*picture, "p")),
            format!("{:?}", PerformAlchemyUpscaleLcmRequest::new(&*picture, "p")),
        ];
        let pictures = json!({"imageDataUrl": [picture]});
        let responses = [
            format!("{:?}", from_value::<LcmGeneration>(pictures.clone()).unwrap()),
            format!("{:?}", from_value::<LcmUpscale>(pictures).unwrap()),
        ];
        for shown in requests.iter().chain(&responses) {
            assert!(shown.contains(r#"DataUrl("data:image/jpeg;base64" … 4000023 bytes)"#), "{shown:.1000}");
            assert!(shown.len() < 1000, "{shown:.1000}");
        }
        let odd = ["x,y".to_owned(), format!("{},", "x".repeat(1000)), "x".repeat(1000), String::new()];
        assert!(odd.iter().all(|odd| format!("{:?}", DataUrl::new(odd)).len() < 50));
    }

    #[test]
    fn the_data_of_a_picture() {
        for (url, data) in [
            ("data:image/jpeg;base64,/9j/", Some("/9j/")),
            ("data:;base64,", Some("")),
            ("data:image/jpeg,abc", None),
            ("data:image/jpeg;base64", None),
            ("https://example.com/a.jpg,b", None),
            ("", None),
        ] {
            assert_eq!(DataUrl::from(url).base64(), data, "{url}");
        }
    }

    #[test]
    fn nothing_is_sent_that_is_not_set() {
        let json = json!({"imageDataUrl": "data:,", "prompt": "p"});
        assert_eq!(to_value(CreateLcmGenerationRequest::new("data:,", "p")).unwrap(), json);
        assert_eq!(to_value(PerformInstantRefineRequest::new("data:,", "p")).unwrap(), json);
        assert_eq!(to_value(PerformAlchemyUpscaleLcmRequest::new("data:,", "p")).unwrap(), json);
        let json = json!({"imageDataUrl": "data:,", "maskDataUrl": "data:m", "prompt": "p"});
        assert_eq!(to_value(PerformInpaintingLcmRequest::new("data:,", "data:m", "p")).unwrap(), json);
    }
}
