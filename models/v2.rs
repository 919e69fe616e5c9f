//! Version 2 of the API: one operation for every kind of result, and parameters that differ from model to model.

use std::fmt;

use serde_json::{Map, Value};

use super::form::without_query;
use super::{
    Cost, ElementId, GenerationId, ImageId, InitImageId, MediaId, ModelId, SourceImageId, SyncGenerationId,
    UserElementId, VariationId,
};
use crate::codec::{Model, Record, open_enum};

mod catalogue;

open_enum!(
    /// A model of version 2, by its slug. Models come and go with a few weeks' notice.
    pub enum V2Model {
        /// FLUX Dev. Images.
        FluxDev = "flux-dev",
        /// FLUX.1 Kontext. Images.
        FluxKontextPro = "flux-kontext-pro",
        /// FLUX.1 Kontext Max. Images.
        FluxKontextMax = "flux-kontext-max",
        /// FLUX Schnell. Images.
        FluxSchnell = "flux-schnell",
        /// FLUX.2 Pro. Images.
        FluxPro2_0 = "flux-pro-2.0",
        /// Phoenix 0.9. Images.
        PhoenixV0_9 = "phoenix-v0.9",
        /// Phoenix 1.0. Images.
        PhoenixV1_0 = "phoenix-v1.0",
        /// Cinematic Kino. Images.
        KinoXl = "kino-xl",
        /// Anime. Images.
        AnimeXl = "anime-xl",
        /// Portrait Perfect. Images.
        PortraitPerfect = "portrait-perfect",
        /// Stock Photography. Images.
        StockPhotography = "stock-photography",
        /// Illustrative Albedo. Images.
        IllustrativeAlbedo = "illustrative-albedo",
        /// Concept Art. Images.
        ConceptArt = "concept-art",
        /// Lifelike Vision. Images.
        LifelikeVision = "lifelike-vision",
        /// Graphic Design. Images.
        GraphicDesign = "graphic-design",
        /// Leonardo Lightning. Images.
        LightningXl = "lightning-xl",
        /// Ideogram 3.0. Images.
        IdeogramV3_0 = "ideogram-v3.0",
        /// Ideogram 4.0. Images.
        IdeogramV4_0 = "ideogram-v4.0",
        /// P-Image-Ideogram. Images.
        PImageIdeogram = "ideogram/p-image-ideogram",
        /// Ideogram 4.5. Images.
        Ideogram4_5 = "ideogram/ideogram-4.5",
        /// Nano Banana. Images.
        Gemini2_5FlashImage = "gemini-2.5-flash-image",
        /// Nano Banana 2. Images.
        NanoBanana2 = "nano-banana-2",
        /// Nano Banana 2 Lite. Images.
        NanoBanana2Lite = "nano-banana-2-lite",
        /// Nano Banana Pro. Images.
        GeminiImage2 = "gemini-image-2",
        /// Lucid Origin. Images.
        LucidOrigin = "lucid-origin",
        /// Lucid Realism. Images.
        LucidRealism = "lucid-realism",
        /// FLUX 3 Image. Images.
        Flux3Image = "bfl/flux-3-image",
        /// Seedream 4.0. Images.
        Seedream4_0 = "seedream-4.0",
        /// Seedream 4.5. Images.
        Seedream4_5 = "seedream-4.5",
        /// Seedream 5.0 Pro. Images.
        Seedream5_0Pro = "seedream-5.0-pro",
        /// Seedream 5.0 Flash. Images.
        Seedream5_0Flash = "bytedance/seedream-5.0-flash",
        /// GPT Image-1.5. Images.
        GptImage1_5 = "gpt-image-1.5",
        /// GPT Image 2. Images.
        GptImage2 = "gpt-image-2",
        /// GPT Image 2.5 Flare. Images.
        GptImage2_5Flare = "openai/gpt-image-2.5-flare",
        /// GPT Image 2.5 Sunburst. Images.
        GptImage2_5Sunburst = "openai/gpt-image-2.5-sunburst",
        /// Recraft V4. Images.
        RecraftV4 = "recraft-v4",
        /// Recraft V4 Pro. Images.
        RecraftV4Pro = "recraft-v4-pro",
        /// Krea 2 Turbo. Images.
        Krea2Turbo = "krea-2-turbo",
        /// Krea 2. Images.
        Krea2 = "krea/krea-2",
        /// Motion 2.0. Video.
        Motion2_0 = "motion_2.0",
        /// Motion 2.0 Fast. Video.
        Motion2_0Fast = "motion_2.0-fast",
        /// Veo 3.1. Video.
        Veo3_1Generate001 = "veo-3.1-generate-001",
        /// Veo 3.1 Fast. Video.
        Veo3_1FastGenerate001 = "veo-3.1-fast-generate-001",
        /// Veo 3.1 Lite. Video.
        Veo3_1Lite = "veo-3.1-lite",
        /// Kling 2.5 Turbo. Video.
        Kling2_5 = "kling-2.5",
        /// Kling 2.6. Video.
        Kling2_6 = "kling-2.6",
        /// Kling 2.5 Turbo Standard. Video.
        Kling2_5TurboStandard = "kling-2.5-turbo-standard",
        /// LTX-2.3 Pro. Video.
        Ltxv2_3Pro = "ltxv-2.3-pro",
        /// LTX-2.3 Fast. Video.
        Ltxv2_3Fast = "ltxv-2.3-fast",
        /// Happy Horse 1.0. Video.
        HappyHorse = "happy-horse",
        /// Happy Horse 1.1. Video.
        HappyHorse1_1 = "happy-horse-1.1",
        /// Hailuo 2.3. Video.
        Hailuo2_3 = "hailuo-2_3",
        /// Hailuo 2.3 Fast. Video.
        Hailuo2_3Fast = "hailuo-2_3-fast",
        /// MiniMax H3. Video.
        Hailuo03 = "hailuo-03",
        /// Wan 3.0. Video.
        Wan3_0 = "alibaba/wan-3.0",
        /// Wan 2.7. Video.
        Wan2_7 = "wan-2.7",
        /// Wan 2.6. Video.
        Wan2_6 = "wan-2.6",
        /// FLUX 3 Video. Video.
        Flux3Video = "bfl/flux-3-video",
        /// Seedance 1.0 Pro. Video.
        Seedance1_0Pro = "seedance-1.0-pro",
        /// Seedance 1.0 Pro Fast. Video.
        Seedance1_0ProFast = "seedance-1.0-pro-fast",
        /// Seedance 2.0. Video.
        Seedance2_0 = "seedance-2.0",
        /// Seedance 2.0 Fast. Video.
        Seedance2_0Fast = "seedance-2.0-fast",
        /// Seedance 2.0 Mini. Video.
        Seedance2_0Mini = "seedance-2.0-mini",
        /// Seedance 2.5. Video.
        Seedance2_5 = "bytedance/seedance-2.5",
        /// Grok Imagine 1.5. Video.
        GrokImagine1_5 = "grok-imagine-1.5",
        /// Kling O1 Video Model. Video.
        KlingVideoO1 = "kling-video-o-1",
        /// Kling Video 3.0. Video.
        Kling3_0 = "kling-3.0",
        /// Kling 3.0 Turbo. Video.
        Kling3_0Turbo = "kling-3.0-turbo",
        /// Kling Video O3 Omni. Video.
        KlingVideoO3 = "kling-video-o-3",
        /// Gemini Omni Flash. Video.
        GeminiOmniFlash = "gemini-omni-flash",
        /// Gemini Omni 1.1 Flash. Video.
        GeminiOmni1_1FlashPreview = "google/gemini-omni-1.1-flash-preview",
        /// Aurora Upscaler Creative. Enlarges an image.
        AuroraUpscalerCreative = "aurora-upscaler-creative",
        /// Aurora Upscaler Precise. Enlarges an image.
        AuroraUpscalerPrecise = "aurora-upscaler-precise",
        /// Remove Background. Removes the background of an image.
        RemoveBg = "remove-bg",
        /// Rodin V2. 3D models.
        RodinV2 = "rodin-v2",
        /// Music. Sound.
        MusicV1 = "music-v1",
        /// Sound Effects. Sound.
        SoundEffectsV2 = "sound-effects-v2",
        /// Dialogue. Sound.
        DialogueV3 = "dialogue-v3",
        /// Seed Audio 1.0. Sound.
        SeedAudio1_0 = "seed-audio-1.0",
    }
);

impl V2Model {
    /// The largest seed that fits; `None` if the model takes none, or is one that this crate does not know.
    ///
    /// Models that document no bound, or a higher one, get 2147483637, which all of them take.
    #[must_use]
    pub fn largest_seed(&self) -> Option<u32> {
        match self {
            Self::IdeogramV4_0
            | Self::PImageIdeogram
            | Self::Flux3Image
            | Self::Seedream5_0Flash
            | Self::GptImage1_5
            | Self::GptImage2
            | Self::GptImage2_5Flare
            | Self::GptImage2_5Sunburst
            | Self::RecraftV4
            | Self::RecraftV4Pro
            | Self::Krea2Turbo
            | Self::Kling2_5
            | Self::Kling2_6
            | Self::Kling2_5TurboStandard
            | Self::Ltxv2_3Pro
            | Self::Ltxv2_3Fast
            | Self::Hailuo2_3
            | Self::Hailuo2_3Fast
            | Self::Hailuo03
            | Self::Wan2_7
            | Self::Flux3Video
            | Self::GrokImagine1_5
            | Self::KlingVideoO1
            | Self::Kling3_0
            | Self::Kling3_0Turbo
            | Self::KlingVideoO3
            | Self::GeminiOmniFlash
            | Self::GeminiOmni1_1FlashPreview
            | Self::AuroraUpscalerCreative
            | Self::AuroraUpscalerPrecise
            | Self::RemoveBg
            | Self::MusicV1
            | Self::SoundEffectsV2
            | Self::DialogueV3
            | Self::SeedAudio1_0
            | Self::Unknown(_) => None,
            Self::RodinV2 => Some(65_535),
            _ => Some(2_147_483_637),
        }
    }
}

/// Asks for images, video, sound or a 3D model.
///
/// ```
/// # #[cfg(feature = "models")] {
/// use leonardo_ai::models::{CreateV2GenerationRequest, V2Model, V2Parameters};
///
/// let parameters = V2Parameters::new("a lighthouse at dusk").width(1024).height(1024).quantity(1);
/// let request = CreateV2GenerationRequest::new(V2Model::LucidOrigin, parameters);
/// assert!(!request.public);
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct CreateV2GenerationRequest {
    /// The model.
    #[model(required)]
    pub model: V2Model,
    /// Whether the results are shown to everyone. The service wants to be told. Defaults to false.
    #[model(default = false)]
    pub public: bool,
    /// What to make. Which parameters there are, and their limits, differ from model to model.
    #[model(required)]
    pub parameters: V2Parameters,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateV2GenerationRequest {
    /// From a model and its parameters; not public.
    pub fn new(model: impl Into<V2Model>, parameters: V2Parameters) -> Self {
        Self { model: model.into(), public: false, parameters, extra: Map::new() }
    }
}

/// What to make, in the parameters that many models have.
///
/// Those of a few models go into [`extra`](Self#structfield.extra). The service refuses a parameter that the model does not
/// have; `v2_get_models` lists them.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct V2Parameters {
    /// What to make; most models take 1500 characters, some up to 10000. Needed but by models that work on an image alone.
    pub prompt: Option<String>,
    /// What to keep out; at most 1000 characters with most models that have it.
    #[model(name = "negative_prompt")]
    pub negative_prompt: Option<String>,
    /// Width in pixels; needs [`height`](Self::height). A model has a range or a list of sizes; 0 by 0 leaves it to some video
    /// models. Models may fall back to a square if they do not have the pair. Upscalers want the size of the image that they
    /// are given.
    pub width: Option<u32>,
    /// Height in pixels; needs [`width`](Self::width).
    pub height: Option<u32>,
    /// How many results: 1 to 8 images, 1 to 4 sounds, else 1. Each is paid for, and several models make 4 when this is not
    /// sent.
    pub quantity: Option<u32>,
    /// Where the randomness starts. The least and the most differ from model to model; at most 2147483637 fits most of those
    /// that have it.
    pub seed: Option<i64>,
    /// Whether the service rewrites the prompt first. The default differs from model to model.
    #[model(name = "prompt_enhance")]
    pub prompt_enhance: Option<PromptEnhance>,
    /// Styles, by their identifiers, such as [`STYLE_NONE`](Self::STYLE_NONE). Most models take one.
    #[model(name = "style_ids")]
    pub style_ids: Option<Vec<String>>,
    /// Contrast. The SDXL family and others.
    pub contrast: Option<V2Contrast>,
    /// Whether the images can be laid side by side without a seam.
    pub tiling: Option<bool>,
    /// Whether the background is see-through.
    pub transparency: Option<bool>,
    /// How well, and how dearly, to make it, in a word of the model's, such as `MEDIUM`, `HIGH` or `TURBO`.
    pub quality: Option<String>,
    /// How the model works: of image models a speed, of video models a resolution.
    pub mode: Option<V2Mode>,
    /// Length of a video or a sound, in seconds. Most models have a list, such as 5 and 10.
    pub duration: Option<f64>,
    /// Resolution of a video in a word of the model's, such as `720p`.
    pub resolution: Option<String>,
    /// Whether a video has sound. Costs more with several models.
    #[model(name = "motion_has_audio")]
    pub motion_has_audio: Option<bool>,
    /// Elements (LoRAs) of the platform, at most 4. FLUX Dev and the SDXL family.
    #[model(name = "platform_elements")]
    pub platform_elements: Option<Vec<V2ElementInput>>,
    /// Elements (LoRAs) of one's own, at most 4. FLUX Dev and the SDXL family.
    #[model(name = "user_elements")]
    pub user_elements: Option<Vec<V2UserElementInput>>,
    /// Images, videos, sounds and pages to be guided by.
    pub guidances: Option<V2Guidances>,
    /// Parameters that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl V2Parameters {
    /// The style that is none.
    pub const STYLE_NONE: &'static str = "556c1ee5-ec38-42e8-955a-1e82dad0ffa1";
    /// The dynamic style, which many models have when none is sent.
    pub const STYLE_DYNAMIC: &'static str = "111dc692-d470-4eec-b791-3475abac4c46";

    /// From a prompt. Without one, there is [`Default`].
    pub fn new(prompt: impl Into<String>) -> Self {
        Self { prompt: Some(prompt.into()), ..Self::empty() }
    }
}

/// An element (LoRA) of the platform, to be applied.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct V2ElementInput {
    /// The element.
    #[model(name = "akUUID", required)]
    pub ak_uuid: ElementId,
    /// How much it counts: -2 to 2 on FLUX Dev, and from 0 on the SDXL family. The service takes 1 when this is not sent.
    pub weight: Option<f64>,
}

impl V2ElementInput {
    /// Applies an element with the weight that the service gives it.
    pub fn new(element: impl Into<ElementId>) -> Self {
        Self { ak_uuid: element.into(), weight: None }
    }
}

/// An element (LoRA) of one's own, to be applied.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct V2UserElementInput {
    /// The number of the element.
    #[model(required)]
    pub user_lora_id: UserElementId,
    /// How much it counts: -2 to 2 on FLUX Dev, and from 0 on the SDXL family. The service takes 1 when this is not sent.
    pub weight: Option<f64>,
}

impl V2UserElementInput {
    /// Applies an element with the weight that the service gives it.
    pub fn new(element: impl Into<UserElementId>) -> Self {
        Self { user_lora_id: element.into(), weight: None }
    }
}

/// What a generation is guided by. A model has few of these kinds, and a limit for each; most take one.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct V2Guidances {
    /// Whose style the result is to have. Image models; some take the strengths ultra and max.
    pub style: Option<Vec<V2Guidance>>,
    /// Whose content the result is to have. Image models.
    pub content: Option<Vec<V2Guidance>>,
    /// Whose looks a figure is to have. The SDXL family.
    pub character: Option<Vec<V2Guidance>>,
    /// The image to start from. The SDXL family.
    #[model(name = "image_to_image")]
    pub image_to_image: Option<Vec<V2Guidance>>,
    /// Whose edges to keep. The SDXL family.
    pub edge: Option<Vec<V2Guidance>>,
    /// Whose pose to keep. The SDXL family.
    pub pose: Option<Vec<V2Guidance>>,
    /// Whose depth to keep. The SDXL family.
    pub depth: Option<Vec<V2Guidance>>,
    /// The image of the text to show. The SDXL family.
    #[model(name = "text_image")]
    pub text_image: Option<Vec<V2Guidance>>,
    /// Images to work from, for editing models, upscalers, 3D and several video models.
    #[model(name = "image_reference")]
    pub image_reference: Option<Vec<V2Guidance>>,
    /// The image to put behind what is cut out; for removing backgrounds.
    #[model(name = "background_image_reference")]
    pub background_image_reference: Option<Vec<V2Guidance>>,
    /// The first frame of a video.
    #[model(name = "start_frame")]
    pub start_frame: Option<Vec<V2Guidance>>,
    /// The last frame of a video; most models want a start frame beside it.
    #[model(name = "end_frame")]
    pub end_frame: Option<Vec<V2Guidance>>,
    /// Videos to work from.
    #[model(name = "video_reference")]
    pub video_reference: Option<Vec<V2Guidance>>,
    /// The video to edit or to take over from.
    #[model(name = "video_reference_base")]
    pub video_reference_base: Option<Vec<V2Guidance>>,
    /// Sounds to work from.
    #[model(name = "audio_reference")]
    pub audio_reference: Option<Vec<V2Guidance>>,
    /// A web page to work from.
    #[model(name = "webpage_reference")]
    pub webpage_reference: Option<Vec<V2Guidance>>,
    /// Kinds that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

/// One thing to be guided by: an image, a video, a sound or a page.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct V2Guidance {
    /// An image.
    pub image: Option<V2GuidanceImage>,
    /// A video.
    pub video: Option<V2GuidanceMedia>,
    /// A sound.
    pub audio: Option<V2GuidanceMedia>,
    /// A web page.
    pub webpage: Option<V2GuidanceWebpage>,
    /// How much it counts. Needed by the SDXL family and Happy Horse 1.1; the service takes medium elsewhere.
    pub strength: Option<V2GuidanceStrength>,
    /// Its place among several, from 0.
    pub order: Option<u32>,
    /// Of a video for Wan 2.7, what it is for.
    #[model(name = "type")]
    pub role: Option<V2GuidanceRole>,
}

impl V2Guidance {
    /// An image.
    pub fn from_image(image: V2GuidanceImage) -> Self {
        Self { image: Some(image), ..Self::empty() }
    }

    /// A video.
    pub fn from_video(video: V2GuidanceMedia) -> Self {
        Self { video: Some(video), ..Self::empty() }
    }

    /// A sound.
    pub fn from_audio(audio: V2GuidanceMedia) -> Self {
        Self { audio: Some(audio), ..Self::empty() }
    }

    /// The web page at that address.
    pub fn from_webpage(url: impl Into<String>) -> Self {
        Self { webpage: Some(V2GuidanceWebpage { url: url.into() }), ..Self::empty() }
    }
}

impl From<V2GuidanceImage> for V2Guidance {
    fn from(image: V2GuidanceImage) -> Self {
        Self::from_image(image)
    }
}

/// An image: of the service, at an address, or sent along.
///
/// `Debug` shows neither what is sent along nor the query of an address.
#[derive(Clone, PartialEq, Eq, Model)]
#[model(request)]
pub struct V2GuidanceImage {
    /// Where it comes from.
    #[model(name = "type", required)]
    pub source: V2GuidanceSource,
    /// Its identifier, where the service has it.
    pub id: Option<SourceImageId>,
    /// Its address, or a data URL; about 20 to 25 MB at most.
    pub url: Option<String>,
    /// The image itself in Base64, without a prefix; about 7.5 MB at most.
    pub data: Option<String>,
    /// Its width in pixels.
    pub width: Option<u32>,
    /// Its height in pixels.
    pub height: Option<u32>,
}

impl V2GuidanceImage {
    /// An uploaded image.
    pub fn uploaded(image: impl Into<InitImageId>) -> Self {
        Self { id: Some(image.into().into()), ..Self::of(V2GuidanceSource::Uploaded) }
    }

    /// A generated image.
    pub fn generated(image: impl Into<ImageId>) -> Self {
        Self { id: Some(image.into().into()), ..Self::of(V2GuidanceSource::Generated) }
    }

    /// What was made out of an image.
    pub fn variation(variation: impl Into<VariationId>) -> Self {
        let id = variation.into().into_string();
        Self { id: Some(id.into()), ..Self::of(V2GuidanceSource::Variation) }
    }

    /// The image at that address, which the service must be able to read.
    pub fn from_url(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..Self::of(V2GuidanceSource::Url) }
    }

    /// An image that is sent along, in Base64.
    pub fn from_base64(data: impl Into<String>) -> Self {
        Self { data: Some(data.into()), ..Self::of(V2GuidanceSource::Base64) }
    }

    fn of(source: V2GuidanceSource) -> Self {
        Self { source, ..Self::empty() }
    }
}

impl fmt::Debug for V2GuidanceImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, id, url, data, width, height } = self;
        let mut shown = f.debug_struct("V2GuidanceImage");
        shown.field("source", source).field("id", id).field("url", &url.as_deref().map(brief));
        shown.field("data", &data.as_deref().map(Length::of)).field("width", width).field("height", height).finish()
    }
}

/// A video or a sound of the service.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct V2GuidanceMedia {
    /// Its identifier: of what was uploaded, or of the generated image that has the video.
    #[model(required)]
    pub id: String,
    /// Which of the two it is.
    #[model(name = "type", required)]
    pub source: V2GuidanceSource,
    /// Its length in seconds.
    pub duration: Option<f64>,
}

impl V2GuidanceMedia {
    /// An uploaded video or sound.
    pub fn uploaded(media: impl Into<MediaId>) -> Self {
        Self { id: media.into().into_string(), source: V2GuidanceSource::Uploaded, duration: None }
    }

    /// A generated video or sound, by the identifier that it has among the generation's images.
    pub fn generated(image: impl Into<ImageId>) -> Self {
        Self { id: image.into().into_string(), source: V2GuidanceSource::Generated, duration: None }
    }
}

/// A web page.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
#[model(request)]
pub struct V2GuidanceWebpage {
    /// Its address.
    #[model(required)]
    pub url: String,
}

open_enum!(
    /// Where something to be guided by comes from.
    pub enum V2GuidanceSource {
        /// The caller uploaded it.
        Uploaded = "UPLOADED",
        /// The service made it.
        Generated = "GENERATED",
        /// The service made it out of another image.
        Variation = "VARIATION",
        /// It is at an address.
        Url = "URL",
        /// It is sent along.
        Base64 = "BASE64",
    }
);

open_enum!(
    /// How much something to be guided by counts.
    pub enum V2GuidanceStrength {
        /// Least.
        Low = "LOW",
        /// Medium.
        Mid = "MID",
        /// Strong.
        High = "HIGH",
        /// Stronger still; of a style with some models.
        Ultra = "ULTRA",
        /// Most; of a style with some models.
        Max = "MAX",
    }
);

open_enum!(
    /// What a video to be guided by is for.
    pub enum V2GuidanceRole {
        /// To be edited.
        Base = "BASE",
        /// To take features from.
        Feature = "FEATURE",
    }
);

open_enum!(
    /// Whether the service rewrites a prompt.
    pub enum PromptEnhance {
        /// If the service finds that it helps.
        Auto = "AUTO",
        /// Yes.
        On = "ON",
        /// No.
        Off = "OFF",
    }
);

open_enum!(
    /// Contrast of an image.
    pub enum V2Contrast {
        /// Low.
        Low = "LOW",
        /// Medium.
        Medium = "MEDIUM",
        /// High.
        High = "HIGH",
    }
);

open_enum!(
    /// How a model works. Each has a few of these.
    pub enum V2Mode {
        /// An image model, fast and cheap.
        Fast = "FAST",
        /// An image model, slower and better.
        Quality = "QUALITY",
        /// An image model at its best.
        Ultra = "ULTRA",
        /// A video of 480 lines.
        Resolution480 = "RESOLUTION_480",
        /// A video of 720 lines.
        Resolution720 = "RESOLUTION_720",
        /// A video of 1080 lines.
        Resolution1080 = "RESOLUTION_1080",
    }
);

/// The job that a create request started.
///
/// By the time this arrives the result is paid for, so nothing but the identifier is insisted on.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct V2GenerationJob {
    /// What to look the results up by, with `image_get_generation_by_id`.
    #[model(required)]
    pub generation_id: GenerationId,
    /// The cost in API credits. Often absent: use [`cost`](Self::cost).
    pub api_credit_cost: Option<f64>,
    /// What the job is charged.
    pub cost: Option<Cost>,
}

/// Asks for a result in the same response. The one model for that is [`V2Model::RemoveBg`], which removes a background.
///
/// ```
/// # #[cfg(feature = "models")] {
/// use leonardo_ai::models::{
///     CreateV2SyncGenerationRequest, RemoveBackgroundParameters, RemoveBackgroundSize, V2GuidanceImage,
/// };
///
/// // As the service does it by default, and in part otherwise.
/// let request = CreateV2SyncGenerationRequest::remove_background(V2GuidanceImage::from_url("https://example.com/a.png"));
/// let parameters = RemoveBackgroundParameters::new(V2GuidanceImage::from_base64("iVBORw0KGgo="));
/// let other =
///     CreateV2SyncGenerationRequest::remove_background(parameters.size(RemoveBackgroundSize::Preview)).base64(true);
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct CreateV2SyncGenerationRequest {
    /// The model.
    #[model(required)]
    pub model: V2Model,
    /// Whether the result is shown to everyone, unless it is [`ephemeral`](Self::ephemeral). The service wants to be told.
    /// Defaults to false.
    #[model(default = false)]
    pub public: bool,
    /// Whether the service keeps nothing, and gives a link that works for 30 minutes. The service takes false when this is
    /// not sent.
    pub ephemeral: Option<bool>,
    /// Whether the result comes in the response instead of a link, up to about 7.45 MB. The service takes false when this is
    /// not sent.
    pub base64: Option<bool>,
    /// What to do with which image.
    #[model(required)]
    pub parameters: RemoveBackgroundParameters,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateV2SyncGenerationRequest {
    /// Removes the background of an image; not public. Takes the image, or parameters with it.
    pub fn remove_background(parameters: impl Into<RemoveBackgroundParameters>) -> Self {
        let (model, parameters) = (V2Model::RemoveBg, parameters.into());
        Self { model, public: false, ephemeral: None, base64: None, parameters, extra: Map::new() }
    }
}

/// How to remove a background, and of which image.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct RemoveBackgroundParameters {
    /// The image, and what to put behind it.
    #[model(required)]
    pub guidances: RemoveBackgroundGuidances,
    /// How large the result is. The service takes the whole size, or what fits the format, when this is not sent.
    pub size: Option<RemoveBackgroundSize>,
    /// What the foreground is. The service takes [`RemoveBackgroundType::Auto`] when this is not sent.
    #[model(name = "type")]
    pub subject: Option<RemoveBackgroundType>,
    /// How finely the kind of foreground is told.
    #[model(name = "type_level")]
    pub type_level: Option<RemoveBackgroundTypeLevel>,
    /// The format of the result. The service takes [`RemoveBackgroundFormat::Png`] when this is not sent.
    pub format: Option<RemoveBackgroundFormat>,
    /// Whether the result is the image or its mask. The service takes [`RemoveBackgroundChannels::Rgba`] when this is not
    /// sent.
    pub channels: Option<RemoveBackgroundChannels>,
    /// A colour to put behind it, such as `81d4fa` or `green`.
    #[model(name = "bg_color")]
    pub bg_color: Option<String>,
    /// Whether to cut off what is empty around it. The service takes false when this is not sent.
    pub crop: Option<bool>,
    /// How much to leave around it when cutting, such as `10%` or `30px`; needs [`crop`](Self::crop).
    #[model(name = "crop_margin")]
    pub crop_margin: Option<String>,
    /// Where the foreground is, as two corners: `x1 y1 x2 y2` in `px` or `%`.
    pub roi: Option<String>,
    /// How large the foreground is in the result: `original`, or a share such as `80%`.
    pub scale: Option<String>,
    /// Where the foreground is in the result: `original`, `center`, or shares such as `50% 20%`.
    pub position: Option<String>,
    /// Whether windows and the like become semitransparent. The service takes true when this is not sent.
    pub semitransparency: Option<bool>,
    /// A shadow to add. The service takes [`RemoveBackgroundShadow::None`] when this is not sent.
    #[model(name = "shadow_type")]
    pub shadow_type: Option<RemoveBackgroundShadow>,
    /// How dark the shadow is, 0 to 100.
    #[model(name = "shadow_opacity")]
    pub shadow_opacity: Option<u32>,
    /// How many results; always 1.
    pub quantity: Option<u32>,
    /// Parameters that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl RemoveBackgroundParameters {
    /// Removes the background of that image, as the service does it by default.
    pub fn new(image: V2GuidanceImage) -> Self {
        let mut parameters = Self::empty();
        parameters.guidances.image_reference.push(image.into());
        parameters
    }

    /// Puts an image behind it.
    #[must_use]
    pub fn background(mut self, image: V2GuidanceImage) -> Self {
        self.guidances.background_image_reference = Some(vec![image.into()]);
        self
    }
}

impl From<V2GuidanceImage> for RemoveBackgroundParameters {
    fn from(image: V2GuidanceImage) -> Self {
        Self::new(image)
    }
}

/// The image whose background is removed, and what to put behind it.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct RemoveBackgroundGuidances {
    /// The image: exactly one.
    #[model(name = "image_reference", required)]
    pub image_reference: Vec<V2Guidance>,
    /// What to put behind it: one image at most.
    #[model(name = "background_image_reference")]
    pub background_image_reference: Option<Vec<V2Guidance>>,
}

open_enum!(
    /// How large an image without its background is.
    pub enum RemoveBackgroundSize {
        /// As large as the image and the format allow.
        Auto = "auto",
        /// A quarter of a megapixel.
        Preview = "preview",
        /// The whole image, up to 25 megapixels; PNG up to 10.
        Full = "full",
        /// The whole image, up to 50 megapixels; not for PNG.
        Megapixels50 = "50MP",
    }
);

open_enum!(
    /// What is in the foreground.
    pub enum RemoveBackgroundType {
        /// To be found out.
        Auto = "auto",
        /// People.
        Person = "person",
        /// Things for sale.
        Product = "product",
        /// A car.
        Car = "car",
        /// An animal.
        Animal = "animal",
        /// A drawing or a logo.
        Graphic = "graphic",
        /// A vehicle.
        Transportation = "transportation",
        /// Something else.
        Other = "other",
    }
);

open_enum!(
    /// How finely the kind of what is in the foreground is told.
    pub enum RemoveBackgroundTypeLevel {
        /// Not at all.
        None = "none",
        /// Coarsely.
        One = "1",
        /// Finely.
        Two = "2",
        /// As finely as the service can.
        Latest = "latest",
    }
);

open_enum!(
    /// The format of an image without its background.
    pub enum RemoveBackgroundFormat {
        /// PNG, up to 10 megapixels.
        Png = "png",
        /// JPEG, which has no transparency.
        Jpg = "jpg",
        /// WebP.
        Webp = "webp",
    }
);

open_enum!(
    /// What comes out of the removal of a background.
    pub enum RemoveBackgroundChannels {
        /// The image.
        Rgba = "rgba",
        /// The mask.
        Alpha = "alpha",
    }
);

open_enum!(
    /// A shadow behind what was cut out.
    pub enum RemoveBackgroundShadow {
        /// None.
        None = "none",
        /// Behind it.
        Drop = "drop",
        /// On the ground.
        ThreeD = "3d",
        /// Under a car.
        Car = "car",
    }
);

/// What was made while the request waited.
///
/// By the time this arrives it is paid for, even if there are no results, so nothing but the identifier is insisted on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct V2SyncGeneration {
    /// Its identifier.
    #[model(required)]
    pub id: SyncGenerationId,
    /// The results; none where they were withheld.
    pub results: Vec<V2SyncResult>,
    /// How many results the moderation withheld.
    pub blocked_count: i64,
    /// What it was charged.
    pub cost: Option<Cost>,
}

/// One result: a link, or the image itself.
///
/// `Debug` shows neither the image nor the query of the link.
#[derive(Clone, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct V2SyncResult {
    /// Its media type, such as `image/png`.
    pub content_type: String,
    /// Where it is; for 30 minutes if it is ephemeral. The link works without the API key, which must not be sent there.
    pub url: Option<String>,
    /// The image itself in Base64, if it was asked for.
    #[model(name = "dataB64")]
    pub data_b64: Option<String>,
    /// Its width in pixels.
    pub width: Option<u32>,
    /// Its height in pixels.
    pub height: Option<u32>,
}

impl fmt::Debug for V2SyncResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { content_type, url, data_b64, width, height } = self;
        let mut shown = f.debug_struct("V2SyncResult");
        shown.field("content_type", content_type).field("url", &url.as_deref().map(brief));
        shown.field("data_b64", &data_b64.as_deref().map(Length::of)).field("width", width).field("height", height);
        shown.finish()
    }
}

/// A model that the key may use, with its parameters.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct V2ModelDetails {
    /// The model's identifier, which is that of version 1 where it has the model too. It is not the slug that
    /// `v2_create_generation` takes: see [`V2Model::catalogue_id`].
    #[model(required)]
    pub id: ModelId,
    /// Its name for people: see [`V2Model::title`].
    pub name: String,
    /// A JSON schema of its parameters.
    pub parameters: Option<Value>,
}

/// An address without what gives access, and without data in it.
fn brief(url: &str) -> &str {
    match url.split_once(',') {
        Some((head, _)) if head.starts_with("data:") => head,
        _ => without_query(url),
    }
}

/// Shows how long something is that is too long to show.
struct Length(usize);

impl Length {
    fn of(text: &str) -> Self {
        Self(text.len())
    }
}

impl fmt::Debug for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;

    #[test]
    fn images_come_from_five_places() {
        for (image, expected) in [
            (V2GuidanceImage::uploaded("i"), json!({"type": "UPLOADED", "id": "i"})),
            (V2GuidanceImage::generated("i"), json!({"type": "GENERATED", "id": "i"})),
            (V2GuidanceImage::variation("i"), json!({"type": "VARIATION", "id": "i"})),
            (V2GuidanceImage::from_url("https://h/i"), json!({"type": "URL", "url": "https://h/i"})),
            (V2GuidanceImage::from_base64("AAAA"), json!({"type": "BASE64", "data": "AAAA"})),
        ] {
            assert_eq!(to_value(image).unwrap(), expected);
        }
        let guidances = V2Guidances::default()
            .video_reference_base([V2Guidance::from_video(V2GuidanceMedia::generated("v"))])
            .audio_reference([V2Guidance::from_audio(V2GuidanceMedia::uploaded("a").duration(2.5))])
            .webpage_reference([V2Guidance::from_webpage("https://h/")])
            .extra("newer", json!([]));
        let expected = json!({
            "video_reference_base": [{"video": {"id": "v", "type": "GENERATED"}}],
            "audio_reference": [{"audio": {"id": "a", "type": "UPLOADED", "duration": 2.5}}],
            "webpage_reference": [{"webpage": {"url": "https://h/"}}],
            "newer": [],
        });
        assert_eq!(to_value(guidances).unwrap(), expected);
    }

    #[test]
    fn what_is_sent_along_is_not_shown() {
        for image in [
            V2GuidanceImage::from_url("https://h/i?t=s3cr3t"),
            V2GuidanceImage::from_url("data:image/png;base64,s3cr3t"),
            V2GuidanceImage::from_base64("s3cr3t"),
        ] {
            let request = CreateV2SyncGenerationRequest::remove_background(image);
            let shown = format!("{request:?}");
            assert!(!shown.contains("s3cr3t") && shown.contains("RemoveBg"), "{shown}");
        }
        let result = V2SyncResult {
            url: Some("https://h/i?s3cr3t".to_owned()),
            data_b64: Some("s3cr3t".to_owned()),
            ..Default::default()
        };
        let shown = format!("{result:?}");
        assert!(!shown.contains("s3cr3t") && shown.contains("6 bytes"), "{shown}");
    }
}
