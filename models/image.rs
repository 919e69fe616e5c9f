//! Images: creating, reading, listing and deleting generations.

use serde_json::{Map, Value};

use super::{
    Cost, ElementInput, GenerationId, ImageId, InitImageId, InitImageType, JobStatus, Lora, ModelId, SdVersion,
    SourceImageId, Timestamp, UserElementId, VariationId, VariationType,
};
use crate::codec::{Model, Record, open_enum};

mod rules;

/// Asks for images.
///
/// [`Default`] spells out the documented defaults instead of leaving them to the service: alchemy, 1024 × 768
/// pixels, four images, the dynamic style, one of the platform's models, and a cat. Everything else is `None`, and
/// what is `None` is not sent.
///
/// ```
/// # #[cfg(feature = "models")] {
/// use leonardo_ai::models::CreateGenerationRequest;
///
/// let request = CreateGenerationRequest {
///     num_images: Some(1),
///     seed: Some(905_778_432),
///     ..CreateGenerationRequest::new("An oil painting of a cat")
/// };
/// assert_eq!(request.width, Some(1024));
/// # }
/// ```
///
/// Reading a request from JSON starts from the same defaults: an absent field keeps its default, and a `null` is a
/// field not to be sent.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked = rules::generation)]
pub struct CreateGenerationRequest {
    /// Whether alchemy, the better and dearer pipeline, is used; the model decides which version of it. Defaults to
    /// true.
    #[model(default = true)]
    pub alchemy: Option<bool>,
    /// Contrast of alchemy, 0 to 1.
    #[model(range = 0..=1)]
    pub contrast_ratio: Option<f64>,
    /// Contrast for Phoenix and Flux models: one of 1, 1.3, 1.8, 2.5, 3, 3.5, 4 and 4.5. Phoenix with alchemy wants
    /// at least 2.5.
    #[model(one_of = [1, 1.3, 1.8, 2.5, 3, 3.5, 4, 4.5])]
    pub contrast: Option<f64>,
    /// Images that guide the generation.
    pub controlnets: Option<Vec<ControlnetInput>>,
    /// Elements (LoRAs) of the platform that shape the style.
    pub elements: Option<Vec<ElementInput>>,
    /// Elements (LoRAs) of one's own.
    pub user_elements: Option<Vec<UserElementInput>>,
    /// Whether alchemy's expanded domain is used.
    pub expanded_domain: Option<bool>,
    /// Whether the fantasy avatar feature is used.
    pub fantasy_avatar: Option<bool>,
    /// How closely to follow the prompt, 1 to 20, or to 30 with alchemy on a model that is not of the SDXL family; 7 is a
    /// good start.
    #[model(name = "guidance_scale", range = 1..)]
    pub guidance_scale: Option<f64>,
    /// Height in pixels before any upscaling: 32 to 1536, in steps of 8; Lucid has larger ones. Defaults to 768.
    #[model(default = 768, range = 32.., step = 8)]
    pub height: Option<u32>,
    /// High contrast of prompt magic; `false` is what the web app calls RAW mode.
    pub high_contrast: Option<bool>,
    /// High resolution of prompt magic.
    pub high_resolution: Option<bool>,
    /// Images that serve as prompts.
    pub image_prompts: Option<Vec<SourceImageId>>,
    /// How much the image prompts count.
    pub image_prompt_weight: Option<f64>,
    /// A generated image to start from.
    #[model(name = "init_generation_image_id")]
    pub init_generation_image_id: Option<ImageId>,
    /// An uploaded image to start from.
    #[model(name = "init_image_id")]
    pub init_image_id: Option<InitImageId>,
    /// How much of the starting image to keep, 0.1 to 0.9; on a canvas, 0 to 0.8.
    #[model(name = "init_strength")]
    pub init_strength: Option<f64>,
    /// The model. Defaults to `b24e16ff-06e3-43eb-8d33-4416c2d75876`. When it is not sent,
    /// [`sd_version`](Self::sd_version) decides.
    #[model(default = "b24e16ff-06e3-43eb-8d33-4416c2d75876")]
    pub model_id: Option<ModelId>,
    /// What to keep out of the images.
    #[model(name = "negative_prompt")]
    pub negative_prompt: Option<String>,
    /// How many images to make: 1 to 8, or 1 to 4 when a side is longer than 768 pixels. Defaults to 4.
    #[model(name = "num_images", default = 4, range = 1..=8)]
    pub num_images: Option<u32>,
    /// Steps of the sampler, 10 to 60; the service takes 15 when this is not sent.
    #[model(name = "num_inference_steps", range = 10..=60)]
    pub num_inference_steps: Option<u32>,
    /// Whether PhotoReal is used. Needs alchemy, and version 1 of it also needs the model not to be sent.
    pub photo_real: Option<bool>,
    /// The version of PhotoReal: `v1` or `v2`.
    pub photo_real_version: Option<String>,
    /// Depth of field of PhotoReal: 0.55 (low), 0.5 (medium) or 0.45 (high); the service takes 0.55 when this is
    /// not sent.
    #[model(one_of = [0.55, 0.5, 0.45])]
    pub photo_real_strength: Option<f64>,
    /// The look. Defaults to [`PresetStyle::Dynamic`].
    #[model(default = PresetStyle::Dynamic)]
    pub preset_style: Option<PresetStyle>,
    /// What to paint, at most 1500 characters. Defaults to `A majestic cat in the snow`.
    #[model(default = "A majestic cat in the snow", length = 1..=1500)]
    pub prompt: String,
    /// Whether prompt magic is used.
    pub prompt_magic: Option<bool>,
    /// How strong prompt magic is, 0.1 to 1.
    #[model(range = 0.1..=1)]
    pub prompt_magic_strength: Option<f64>,
    /// The version of prompt magic: `v2` or `v3`.
    pub prompt_magic_version: Option<String>,
    /// Whether the images appear in the community's feed.
    pub public: Option<bool>,
    /// The sampler; the service takes [`Scheduler::EulerDiscrete`] when this is not sent.
    pub scheduler: Option<Scheduler>,
    /// The family of base models, for a request without a [`model_id`](Self::model_id); the service takes
    /// [`SdVersion::V1_5`] when this is not sent.
    #[model(name = "sd_version")]
    pub sd_version: Option<SdVersion>,
    /// Where the randomness starts: the same seed with the same settings gives similar images. At most 2147483637
    /// for Flux and 9999999998 for other models.
    #[model(range = ..=9999999998)]
    pub seed: Option<i64>,
    /// The look, by the identifier of a style, for models such as Phoenix, FLUX and Lucid, which do without
    /// [`preset_style`](Self::preset_style).
    #[model(name = "styleUUID")]
    pub style_uuid: Option<String>,
    /// Whether the images can be laid side by side without a seam.
    pub tiling: Option<bool>,
    /// Whether parts of the images are see-through.
    pub transparency: Option<Transparency>,
    /// Whether ultra mode is used, which rules out alchemy.
    pub ultra: Option<bool>,
    /// Whether to zoom out of [`init_image_id`](Self::init_image_id) by [`unzoom_amount`](Self::unzoom_amount).
    pub unzoom: Option<bool>,
    /// How far to zoom out; needs [`unzoom`](Self::unzoom) and [`init_image_id`](Self::init_image_id).
    pub unzoom_amount: Option<f64>,
    /// How many times larger to make the images; for enterprise accounts.
    pub upscale_ratio: Option<f64>,
    /// Width in pixels before any upscaling: 32 to 1536, in steps of 8; Lucid has larger ones. Defaults to 1024.
    #[model(default = 1024, range = 32.., step = 8)]
    pub width: Option<u32>,
    /// Whether a controlnet is used. Deprecated: use [`controlnets`](Self::controlnets).
    pub control_net: Option<bool>,
    /// The kind of controlnet. Deprecated: use [`controlnets`](Self::controlnets).
    pub control_net_type: Option<ControlnetType>,
    /// How much the controlnet counts. Deprecated: use [`controlnets`](Self::controlnets).
    pub weighting: Option<f64>,
    /// Whether this is a request of the Canvas Editor.
    pub canvas_request: Option<bool>,
    /// What the Canvas Editor is to do.
    pub canvas_request_type: Option<CanvasRequestType>,
    /// The image that the Canvas Editor works on.
    pub canvas_init_id: Option<InitImageId>,
    /// The mask that tells the Canvas Editor where to work.
    pub canvas_mask_id: Option<InitImageId>,
    /// Whether the service adds detail to the prompt first.
    pub enhance_prompt: Option<bool>,
    /// How to enhance the prompt; needs [`enhance_prompt`](Self::enhance_prompt).
    pub enhance_prompt_instruction: Option<String>,
    /// Fields that this type does not have, under their names on the wire. They are sent after the others, so
    /// repeating one of the fields above sends it twice; set that to `None` to send it in another form from here.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateGenerationRequest {
    /// The documented defaults, with a prompt of one's own.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self::with_prompt(prompt.into())
    }

    fn with_prompt(prompt: String) -> Self {
        let mut request = Self::empty();
        request.prompt = prompt;
        request
    }
}

/// An image that guides a generation, and how.
///
/// Reading one from JSON refuses fields that it does not have, because dropping them would change what is painted.
/// To send such a field, put the whole list into [`CreateGenerationRequest::extra`](field@CreateGenerationRequest::extra).
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct ControlnetInput {
    /// The image: an [`InitImageId`] when uploaded, an [`ImageId`] when generated.
    #[model(required)]
    pub init_image_id: SourceImageId,
    /// Which of the two it is.
    #[model(required)]
    pub init_image_type: InitImageType,
    /// The number of the preprocessor, which says what to take from the image: style, character, edges, depth and
    /// so on. Every family of models has numbers of its own.
    #[model(required)]
    pub preprocessor_id: i64,
    /// How much it counts, for preprocessors that take a number: 0 to 2.
    #[model(range = 0..=2)]
    pub weight: Option<f64>,
    /// How much it counts, for style, character and content references.
    pub strength_type: Option<StrengthType>,
    /// How much of a style each of several style references gives, as a share beside those of the others; up to four are
    /// taken. Of one alone, leave it out.
    pub influence: Option<f64>,
}

impl ControlnetInput {
    /// Is guided by an uploaded image.
    pub fn uploaded(image: impl Into<InitImageId>, preprocessor_id: i64) -> Self {
        Self::of(image.into().into(), InitImageType::Uploaded, preprocessor_id)
    }

    /// Is guided by a generated image.
    pub fn generated(image: impl Into<ImageId>, preprocessor_id: i64) -> Self {
        Self::of(image.into().into(), InitImageType::Generated, preprocessor_id)
    }

    fn of(init_image_id: SourceImageId, init_image_type: InitImageType, preprocessor_id: i64) -> Self {
        Self { init_image_id, init_image_type, preprocessor_id, ..Self::empty() }
    }
}

/// An element (LoRA) of one's own, to be applied.
///
/// Reading one from JSON refuses fields that it does not have.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct UserElementInput {
    /// The number of the element.
    pub user_lora_id: Option<UserElementId>,
    /// How much it counts.
    pub weight: Option<f64>,
}

impl UserElementInput {
    /// Applies an element with the weight that the service gives it.
    pub fn new(user_lora_id: impl Into<UserElementId>) -> Self {
        Self { user_lora_id: Some(user_lora_id.into()), weight: None }
    }
}

/// Which part of a user's generations to list; the newest come first.
///
/// [`Default`] is the documented first page: 10 from the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
#[model(request)]
pub struct GetGenerationsByUserIdRequest {
    /// How many to list at most. Defaults to 10.
    #[model(default = 10)]
    pub limit: Option<u32>,
    /// How many of the newest to pass over. Defaults to 0.
    #[model(default = 0)]
    pub offset: Option<u32>,
}

/// The job that a create request started.
///
/// By the time this arrives the images are paid for, so nothing but the identifier is insisted on: a cost in an
/// unknown form is left out.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct GenerationJob {
    /// What to look the images up by.
    #[model(required)]
    pub generation_id: GenerationId,
    /// The cost in API credits. Deprecated and often absent: use [`cost`](Self::cost).
    pub api_credit_cost: Option<f64>,
    /// What the job is charged.
    pub cost: Option<Cost>,
}

/// A generation: what was asked for, how far it is, and the images.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct Generation {
    /// The generation's identifier.
    #[model(required)]
    pub id: GenerationId,
    /// How far it is.
    pub status: JobStatus,
    /// The images; none while the status is [`JobStatus::Pending`].
    #[model(name = "generated_images")]
    pub generated_images: Vec<GeneratedImage>,
    /// When the request was accepted, in UTC.
    pub created_at: Option<Timestamp>,
    /// The prompt.
    pub prompt: String,
    /// What was to be kept out of the images.
    pub negative_prompt: Option<String>,
    /// The model.
    pub model_id: Option<ModelId>,
    /// The family of the model.
    pub sd_version: Option<SdVersion>,
    /// The seed, chosen by the caller or else by the service.
    pub seed: Option<i64>,
    /// Width asked for, in pixels.
    pub image_width: u32,
    /// Height asked for, in pixels.
    pub image_height: u32,
    /// Steps of the sampler.
    pub inference_steps: Option<u32>,
    /// How closely the prompt was followed.
    pub guidance_scale: Option<f64>,
    /// The sampler.
    pub scheduler: Option<Scheduler>,
    /// The look.
    pub preset_style: Option<PresetStyle>,
    /// How much of the starting image was kept.
    pub init_strength: Option<f64>,
    /// Whether the images are shown to everyone.
    pub public: bool,
    /// Whether PhotoReal was used.
    pub photo_real: Option<bool>,
    /// Depth of field of PhotoReal: 0.55 (low), 0.5 (medium) or 0.45 (high).
    pub photo_real_strength: Option<f64>,
    /// Whether prompt magic was used.
    pub prompt_magic: Option<bool>,
    /// The version of prompt magic.
    pub prompt_magic_version: Option<String>,
    /// How strong prompt magic was.
    pub prompt_magic_strength: Option<f64>,
    /// Whether ultra mode was used.
    pub ultra: Option<bool>,
    /// Whether the fantasy avatar feature was used.
    pub fantasy_avatar: Option<bool>,
    /// Whether a video was made out of an image.
    pub image_to_video: Option<bool>,
    /// Whether the result moves.
    pub motion: Option<bool>,
    /// The model that made it move.
    pub motion_model: Option<String>,
    /// How much it moves.
    pub motion_strength: Option<i64>,
    /// Elements (LoRAs) that were applied.
    #[model(name = "generation_elements")]
    pub generation_elements: Vec<GenerationElement>,
}

impl Generation {
    /// Whether it is done, and its images are there.
    pub fn is_complete(&self) -> bool {
        self.status == JobStatus::Complete
    }

    /// Whether it is over, without images.
    pub fn is_failed(&self) -> bool {
        self.status == JobStatus::Failed
    }
}

/// One image of a generation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct GeneratedImage {
    /// The image's identifier.
    pub id: ImageId,
    /// Where the image is. The link lasts, and works without the API key, which must not be sent there.
    pub url: String,
    /// Whether the service takes the image for unsafe to show at work.
    pub nsfw: bool,
    /// How many people like it.
    pub like_count: i64,
    /// What was made out of the image later.
    #[model(name = "generated_image_variation_generics")]
    pub generated_image_variation_generics: Vec<ImageVariation>,
    /// Where the video is, for a result that moves; like [`url`](Self::url) otherwise.
    #[model(name = "motionMP4URL")]
    pub motion_mp4_url: Option<String>,
    /// Whether the result moves.
    pub motion: Option<bool>,
    /// The model that made it move.
    pub motion_model: Option<String>,
    /// How much it moves.
    pub motion_strength: Option<i64>,
    /// Whether the video was made out of an image.
    pub image_to_video: Option<bool>,
    /// Whether the fantasy avatar feature was used.
    pub fantasy_avatar: Option<bool>,
}

/// Something made out of an image, such as an upscale.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct ImageVariation {
    /// The variation's identifier.
    pub id: VariationId,
    /// How far it is.
    pub status: JobStatus,
    /// How it was made.
    pub transform_type: VariationType,
    /// Where it is, once it is complete.
    pub url: Option<String>,
}

/// An element (LoRA) that was applied to a generation.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct GenerationElement {
    /// The number of this use of the element.
    pub id: Option<i64>,
    /// The element.
    pub lora: Option<Lora>,
    /// How much it counted.
    pub weight_applied: Option<f64>,
}

/// A generation that is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct DeletedGeneration {
    /// The identifier that it had.
    #[model(required)]
    pub id: GenerationId,
}

open_enum!(
    /// The look that a generation is given.
    ///
    /// With alchemy switched off, only [`Leonardo`](Self::Leonardo) and [`None`](Self::None) work. With alchemy, these
    /// do: anime, creative, dynamic, environment, general, illustration, photography, raytraced, 3D render, both
    /// sketches and none. PhotoReal has a list of its own. The default is dynamic.
    #[default(Dynamic)]
    pub enum PresetStyle {
        /// Japanese animation.
        Anime = "ANIME",
        /// A sharp subject in front of a soft background.
        Bokeh = "BOKEH",
        /// A scene out of a film.
        Cinematic = "CINEMATIC",
        /// A scene out of a film, close to the subject.
        CinematicCloseup = "CINEMATIC_CLOSEUP",
        /// Free interpretation.
        Creative = "CREATIVE",
        /// Lively; what is used when nothing is asked for.
        Dynamic = "DYNAMIC",
        /// Landscapes and places.
        Environment = "ENVIRONMENT",
        /// Fashion shots.
        Fashion = "FASHION",
        /// Analogue film.
        Film = "FILM",
        /// Food photography.
        Food = "FOOD",
        /// For all purposes.
        General = "GENERAL",
        /// High dynamic range.
        Hdr = "HDR",
        /// Drawn illustration.
        Illustration = "ILLUSTRATION",
        /// The house style, for use without alchemy.
        Leonardo = "LEONARDO",
        /// Long exposure.
        LongExposure = "LONG_EXPOSURE",
        /// Macro photography.
        Macro = "MACRO",
        /// Sparse.
        Minimalistic = "MINIMALISTIC",
        /// A single hue.
        Monochrome = "MONOCHROME",
        /// Dark and atmospheric.
        Moody = "MOODY",
        /// No style at all.
        None = "NONE",
        /// Restrained.
        Neutral = "NEUTRAL",
        /// Photography.
        Photography = "PHOTOGRAPHY",
        /// Portraits.
        Portrait = "PORTRAIT",
        /// Ray tracing.
        Raytraced = "RAYTRACED",
        /// Rendered from a 3D model.
        Render3d = "RENDER_3D",
        /// Looks of past decades.
        Retro = "RETRO",
        /// A sketch in black and white.
        SketchBw = "SKETCH_BW",
        /// A sketch in colour.
        SketchColor = "SKETCH_COLOR",
        /// Stock photography.
        StockPhoto = "STOCK_PHOTO",
        /// Strong colours.
        Vibrant = "VIBRANT",
        /// Without finishing touches.
        Unprocessed = "UNPROCESSED",
    }
);

open_enum!(
    /// The sampler that takes the steps of a generation. The default is Euler (discrete).
    #[default(EulerDiscrete)]
    pub enum Scheduler {
        /// KLMS.
        Klms = "KLMS",
        /// Euler, ancestral and discrete.
        EulerAncestralDiscrete = "EULER_ANCESTRAL_DISCRETE",
        /// Euler, discrete.
        EulerDiscrete = "EULER_DISCRETE",
        /// DDIM.
        Ddim = "DDIM",
        /// DPM solver.
        DpmSolver = "DPM_SOLVER",
        /// PNDM.
        Pndm = "PNDM",
        /// The service's own.
        Leonardo = "LEONARDO",
    }
);

open_enum!(
    /// What the deprecated single controlnet looks at; the `controlnets` list took its place.
    pub enum ControlnetType {
        /// Body pose.
        Pose = "POSE",
        /// Edges.
        Canny = "CANNY",
        /// Depth.
        Depth = "DEPTH",
    }
);

open_enum!(
    /// What the Canvas Editor is asked to do.
    pub enum CanvasRequestType {
        /// Fill in the masked part.
        Inpaint = "INPAINT",
        /// Go on beyond the edges.
        Outpaint = "OUTPAINT",
        /// Turn a sketch into an image.
        Sketch2Img = "SKETCH2IMG",
        /// Turn an image into another.
        Img2Img = "IMG2IMG",
    }
);

open_enum!(
    /// Whether parts of an image are see-through.
    pub enum Transparency {
        /// Everything is opaque.
        Disabled = "disabled",
        /// Only the foreground is painted.
        ForegroundOnly = "foreground_only",
    }
);

open_enum!(
    /// How much a style, character or content reference counts.
    pub enum StrengthType {
        /// Least.
        Low = "Low",
        /// Medium.
        Mid = "Mid",
        /// Strong.
        High = "High",
        /// Stronger still.
        Ultra = "Ultra",
        /// Most.
        Max = "Max",
    }
);

#[cfg(test)]
mod tests {
    use serde_json::{from_str, from_value, json, to_string, to_value};

    use super::*;

    #[test]
    fn default_request() {
        assert_eq!(
            to_string(&CreateGenerationRequest::default()).unwrap(),
            concat!(
                r#"{"alchemy":true,"height":768,"modelId":"b24e16ff-06e3-43eb-8d33-4416c2d75876","num_images":4,"#,
                r#""presetStyle":"DYNAMIC","prompt":"A majestic cat in the snow","width":1024}"#
            )
        );
        assert_eq!(from_str::<CreateGenerationRequest>("{}").unwrap(), CreateGenerationRequest::default());
        let request = CreateGenerationRequest::new("x");
        assert_eq!(from_str::<CreateGenerationRequest>(r#"{"prompt":"x"}"#).unwrap(), request);
    }

    #[test]
    fn every_field_has_its_name() {
        let json: Value = from_str(
            r#"{
            "alchemy": false, "contrastRatio": 0.5, "contrast": 3.5,
            "controlnets": [
                {"initImageId": "a", "initImageType": "UPLOADED", "preprocessorId": 67, "weight": 0.75},
                {"initImageId": "b", "initImageType": "GENERATED", "preprocessorId": 1, "strengthType": "Mid", "influence": 2}
            ],
            "elements": [{"akUUID": "e", "weight": 1}], "userElements": [{"userLoraId": 12, "weight": 0.5}],
            "expandedDomain": true, "fantasyAvatar": true, "guidance_scale": 7, "height": 512, "highContrast": true,
            "highResolution": true, "imagePrompts": ["p"], "imagePromptWeight": 0.25,
            "init_generation_image_id": "g", "init_image_id": "i", "init_strength": 0.5, "modelId": "m",
            "negative_prompt": "n", "num_images": 1, "num_inference_steps": 15, "photoReal": true,
            "photoRealVersion": "v2", "photoRealStrength": 0.55, "presetStyle": "ANIME", "prompt": "p",
            "promptMagic": true, "promptMagicStrength": 0.5, "promptMagicVersion": "v3", "public": false,
            "scheduler": "LEONARDO", "sd_version": "PHOENIX", "seed": 9999999998, "styleUUID": "s", "tiling": true,
            "transparency": "foreground_only", "ultra": true, "unzoom": true, "unzoomAmount": 2, "upscaleRatio": 1.5,
            "width": 640, "controlNet": true, "controlNetType": "POSE", "weighting": 0.5, "canvasRequest": true,
            "canvasRequestType": "INPAINT", "canvasInitId": "c", "canvasMaskId": "k", "enhancePrompt": true,
            "enhancePromptInstruction": "more"
            }"#,
        )
        .unwrap();
        assert_eq!(json.as_object().unwrap().len(), 50);
        let request: CreateGenerationRequest = from_value(json.clone()).unwrap();
        assert!(request.extra.is_empty(), "{:?}", request.extra);
        assert_eq!(request.seed, Some(9_999_999_998));
        assert_eq!(request.sd_version, Some(SdVersion::Phoenix));
        let controlnets = request.controlnets.as_deref().unwrap();
        assert_eq!(controlnets[0], ControlnetInput { weight: Some(0.75), ..ControlnetInput::uploaded("a", 67) });
        assert_eq!(controlnets[1].init_image_type, InitImageType::Generated);
        assert_eq!(request.elements.as_deref(), Some(&[ElementInput { ak_uuid: "e".into(), weight: Some(1.0) }][..]));
        assert_eq!(to_value(&request).unwrap(), json);

        // With every value null nothing is left, and no name was unknown.
        let nulls: Map<String, Value> = json
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| *key != "prompt")
            .map(|key| (key.clone(), Value::Null))
            .collect();
        let request: CreateGenerationRequest = from_value(Value::Object(nulls)).unwrap();
        assert_eq!(to_value(&request).unwrap(), json!({"prompt": "A majestic cat in the snow"}));
    }

    #[test]
    fn unknown_and_odd_fields_of_requests() {
        let request: CreateGenerationRequest = from_str(
            r#"{"prompt":"x","newThing":{"a":[1,2.5]},"guidance_scale":"7","width":"640","presetStyle":"NEW","imagePrompts":["a",null]}"#,
        )
        .unwrap();
        assert_eq!(request.extra, *json!({"newThing": {"a": [1, 2.5]}}).as_object().unwrap());
        assert_eq!((request.guidance_scale, request.width), (Some(7.0), Some(640)));
        assert_eq!(request.image_prompts.as_deref(), Some(&["a".into()][..]));
        let sent = to_string(&request).unwrap();
        assert!(sent.contains(r#""guidance_scale":7,"#) && sent.contains(r#""presetStyle":"NEW""#), "{sent}");
        assert!(sent.ends_with(r#","newThing":{"a":[1,2.5]}}"#), "{sent}");

        for json in [
            r#"{"prompt":null}"#,
            r#"{"width":-1}"#,
            r#"{"seed":1.5}"#,
            r#"{"guidance_scale":"much"}"#,
            r#"{"elements":[{"akUUID":"e","wieght":1}]}"#,
            r#"{"controlnets":[{"initImageId":"a","initImageType":"UPLOADED","preprocessorId":null}]}"#,
        ] {
            assert!(from_str::<CreateGenerationRequest>(json).is_err(), "{json}");
        }
        let request = CreateGenerationRequest { contrast: Some(f64::NAN), ..Default::default() };
        assert!(to_string(&request).unwrap_err().to_string().contains("not a finite number"));
    }

    #[test]
    fn pages() {
        let page = GetGenerationsByUserIdRequest::default();
        assert_eq!(to_string(&page).unwrap(), r#"{"limit":10,"offset":0}"#);
        assert_eq!(from_str::<GetGenerationsByUserIdRequest>("{}").unwrap(), page);
        let none = from_str::<GetGenerationsByUserIdRequest>(r#"{"offset":null,"limit":null}"#).unwrap();
        assert_eq!(to_string(&none).unwrap(), "{}");
    }

    #[test]
    fn jobs_keep_their_identifier() {
        let job: GenerationJob = from_str(
            r#"{"generationId":"75925cd2-fb65-4e8c-84c0-6cc010a528e3","apiCreditCost":null,"cost":{"amount":"0.0147","unit":"DOLLARS"}}"#,
        )
        .unwrap();
        assert_eq!(job.generation_id.as_str(), "75925cd2-fb65-4e8c-84c0-6cc010a528e3");
        assert_eq!(job.cost.unwrap().amount, "0.0147");
        for odd in ["null", "true", "3", r#""x""#, "[]", "[[{}]]", "{}", r#"{"amount":[1]}"#, r#"{"unit":{}}"#] {
            let job: GenerationJob =
                from_str(&format!(r#"{{"cost":{odd},"apiCreditCost":{{"cost":{odd}}},"generationId":"g"}}"#)).unwrap();
            assert_eq!(job, GenerationJob { generation_id: "g".into(), ..Default::default() }, "{odd}");
        }
        for (text, number) in [("11", Some(11.0)), ("11.5", Some(11.5)), (r#""11""#, Some(11.0)), ("[11]", None)] {
            let job: GenerationJob = from_str(&format!(r#"{{"generationId":"g","apiCreditCost":{text}}}"#)).unwrap();
            assert_eq!(job.api_credit_cost, number, "{text}");
        }
        for json in ["{}", r#"{"generationId":null}"#, r#"{"generationId":" "}"#] {
            assert!(from_str::<GenerationJob>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn complete_generation() {
        let json = json!({
            "generated_images": [
                {"url": "https://cdn.leonardo.ai/users/1/generations/2/cat_0.jpg", "nsfw": false,
                 "id": "1f4a36cc-1cb0-4b2a-b3ef-932e30170438", "likeCount": 0, "motionMP4URL": null,
                 "generated_image_variation_generics": []},
                {"url": "https://cdn.leonardo.ai/users/1/generations/2/cat_1.jpg", "nsfw": false,
                 "id": "2f4a36cc-1cb0-4b2a-b3ef-932e30170439", "likeCount": 0, "motionMP4URL": null,
                 "generated_image_variation_generics": [
                    {"url": null, "id": "44444444-5555-4666-8777-888888888888", "status": "PENDING",
                     "transformType": "UPSCALE"}]},
            ],
            "modelId": "6bef9f1b-29cb-40c7-b9df-32b51c1f67d3", "motion": null, "motionModel": null,
            "motionStrength": null, "prompt": "An oil painting of a cat", "negativePrompt": "", "imageHeight": 512,
            "imageToVideo": null, "imageWidth": 512, "inferenceSteps": 30, "seed": 905_778_432, "public": false,
            "scheduler": "EULER_DISCRETE", "sdVersion": "v2", "status": "COMPLETE", "presetStyle": null,
            "initStrength": null, "guidanceScale": 7, "id": "75925cd2-fb65-4e8c-84c0-6cc010a528e3",
            "createdAt": "2023-11-09T00:42:22.707", "promptMagic": false, "promptMagicVersion": null,
            "promptMagicStrength": null, "photoReal": false, "photoRealStrength": null, "fantasyAvatar": null,
            "ultra": null, "generation_elements": [],
        });
        let generation: Generation = from_value(json.clone()).unwrap();
        assert_eq!(generation.status, JobStatus::Complete);
        assert_eq!(generation.created_at.as_ref().unwrap().unix_millis(), Some(1_699_490_542_707));
        assert_eq!((generation.seed, generation.guidance_scale), (Some(905_778_432), Some(7.0)));
        assert_eq!((generation.image_width, generation.image_height), (512, 512));
        assert_eq!(generation.scheduler, Some(Scheduler::EulerDiscrete));
        let variation = &generation.generated_images[1].generated_image_variation_generics[0];
        assert_eq!((&variation.status, &variation.transform_type), (&JobStatus::Pending, &VariationType::Upscale));
        assert_eq!(variation.url, None);

        // Going out, nothing that came in is missing or different.
        let mut sent = to_value(&generation).unwrap();
        for image in sent["generated_images"].as_array_mut().unwrap() {
            let image = image.as_object_mut().unwrap();
            for name in ["motion", "motionModel", "motionStrength", "imageToVideo", "fantasyAvatar"] {
                assert_eq!(image.remove(name), Some(Value::Null), "{name}");
            }
        }
        assert_eq!(sent, json);
    }

    #[test]
    fn odd_generations() {
        let empty: Generation = from_str(r#"{"id":"g"}"#).unwrap();
        assert_eq!(empty, Generation { id: "g".into(), ..Default::default() });
        assert_eq!(empty.status, JobStatus::Unknown(String::new()));
        let mut nulls = to_value(&empty).unwrap();
        for (_, value) in nulls.as_object_mut().unwrap().iter_mut().filter(|(name, _)| *name != "id") {
            *value = Value::Null;
        }
        assert_eq!(from_value::<Generation>(nulls).unwrap(), empty);

        let generation: Generation = from_str(
            r#"{"id":"g","status":"RESTING","seed":"905778432","imageWidth":512.0,"guidanceScale":"7.5","new":[{}],
            "generated_images":[null,{"id":"i","url":"u","likeCount":"3","motionMP4URL":"m","motionStrength":5.0}],
            "generation_elements":[{"id":"12","weightApplied":"0.5","lora":{"akUUID":"e","baseModel":"FLUX",
            "creatorName":"c","urlImage":"p","weightDefault":1,"weightMin":-1,"weightMax":2.5}},{"lora":null}]}"#,
        )
        .unwrap();
        assert_eq!(generation.status.as_str(), "RESTING");
        assert_eq!((generation.seed, generation.image_width), (Some(905_778_432), 512));
        let [image] = &generation.generated_images[..] else { panic!() };
        assert_eq!((image.like_count, image.motion_strength), (3, Some(5)));
        assert_eq!(image.motion_mp4_url.as_deref(), Some("m"));
        let element = &generation.generation_elements[0];
        assert_eq!((element.id, element.weight_applied), (Some(12), Some(0.5)));
        let lora = element.lora.as_ref().unwrap();
        assert_eq!((lora.ak_uuid.as_ref().unwrap().as_str(), &lora.base_model), ("e", &Some(SdVersion::Flux)));
        assert_eq!((lora.weight_min, lora.weight_max), (Some(-1.0), Some(2.5)));

        for json in ["{}", r#"{"id":null}"#, r#"{"id":""}"#] {
            assert!(from_str::<Generation>(json).is_err(), "{json}");
            assert!(from_str::<DeletedGeneration>(json).is_err(), "{json}");
        }
        assert_eq!(from_str::<DeletedGeneration>(r#"{"id":"g","x":1}"#).unwrap().id.as_str(), "g");
    }
}
