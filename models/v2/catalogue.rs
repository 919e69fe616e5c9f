//! What `v2_get_models` calls the models.

use super::V2Model;
use crate::models::ModelId;

impl V2Model {
    /// The model's name for people, such as `Nano Banana 2`, which is
    /// [`V2ModelDetails::name`](super::V2ModelDetails::name); `None` if this crate does not know the model.
    #[must_use]
    pub fn title(&self) -> Option<&'static str> {
        self.entry().map(|(_, title, _)| *title)
    }

    /// The model's identifier in the list of models, which is [`V2ModelDetails::id`](super::V2ModelDetails::id), and that
    /// of version 1 where it has the model too; `None` if this crate does not know it.
    #[must_use]
    pub fn catalogue_id(&self) -> Option<&'static str> {
        self.entry().and_then(|(_, _, id)| *id)
    }

    fn entry(&self) -> Option<&'static Entry> {
        CATALOGUE.iter().find(|(model, ..)| model == self)
    }
}

type Entry = (V2Model, &'static str, Option<&'static str>);

/// Model, title, and identifier where it is known.
#[rustfmt::skip]
const CATALOGUE: &[Entry] = &[
    (V2Model::FluxDev, "FLUX Dev", Some(ModelId::FLUX_DEV)),
    (V2Model::FluxKontextPro, "FLUX.1 Kontext", Some(ModelId::FLUX_KONTEXT)),
    (V2Model::FluxKontextMax, "FLUX.1 Kontext Max", None),
    (V2Model::FluxSchnell, "FLUX Schnell", Some(ModelId::FLUX_SCHNELL)),
    (V2Model::FluxPro2_0, "FLUX.2 Pro", None),
    (V2Model::PhoenixV0_9, "Phoenix 0.9", Some(ModelId::PHOENIX_0_9)),
    (V2Model::PhoenixV1_0, "Phoenix 1.0", Some(ModelId::PHOENIX_1_0)),
    (V2Model::KinoXl, "Cinematic Kino", Some(ModelId::KINO_XL)),
    (V2Model::AnimeXl, "Anime", Some(ModelId::ANIME_XL)),
    (V2Model::PortraitPerfect, "Portrait Perfect", None),
    (V2Model::StockPhotography, "Stock Photography", None),
    (V2Model::IllustrativeAlbedo, "Illustrative Albedo", Some(ModelId::ALBEDO_BASE_XL)),
    (V2Model::ConceptArt, "Concept Art", Some("dd29ac47-ea88-4720-8678-b8633245c09c")),
    (V2Model::LifelikeVision, "Lifelike Vision", None),
    (V2Model::GraphicDesign, "Graphic Design", Some("9d4ace10-25dd-42fd-a6be-a301a7ac614f")),
    (V2Model::LightningXl, "Leonardo Lightning", Some(ModelId::LIGHTNING_XL)),
    (V2Model::IdeogramV3_0, "Ideogram 3.0", None),
    (V2Model::IdeogramV4_0, "Ideogram 4.0", None),
    (V2Model::PImageIdeogram, "P-Image-Ideogram", None),
    (V2Model::Ideogram4_5, "Ideogram 4.5", None),
    (V2Model::Gemini2_5FlashImage, "Nano Banana", None),
    (V2Model::NanoBanana2, "Nano Banana 2", Some("7418e71f-4133-4e1b-9895-bee19f48f2ce")),
    (V2Model::NanoBanana2Lite, "Nano Banana 2 Lite", Some("21278dfe-ac26-4292-82e0-8e588373a30c")),
    (V2Model::GeminiImage2, "Nano Banana Pro", None),
    (V2Model::LucidOrigin, "Lucid Origin", Some(ModelId::LUCID_ORIGIN)),
    (V2Model::LucidRealism, "Lucid Realism", Some(ModelId::LUCID_REALISM)),
    (V2Model::Flux3Image, "FLUX 3 Image", None),
    (V2Model::Seedream4_0, "Seedream 4.0", None),
    (V2Model::Seedream4_5, "Seedream 4.5", None),
    (V2Model::Seedream5_0Pro, "Seedream 5.0 Pro", None),
    (V2Model::Seedream5_0Flash, "Seedream 5.0 Flash", None),
    (V2Model::GptImage1_5, "GPT Image-1.5", None),
    (V2Model::GptImage2, "GPT Image 2", Some("135b2740-a20b-48c8-8f86-6f68199e06c5")),
    (V2Model::GptImage2_5Flare, "GPT Image 2.5 Flare", None),
    (V2Model::GptImage2_5Sunburst, "GPT Image 2.5 Sunburst", None),
    (V2Model::RecraftV4, "Recraft V4", None),
    (V2Model::RecraftV4Pro, "Recraft V4 Pro", None),
    (V2Model::Krea2Turbo, "Krea 2 Turbo", None),
    (V2Model::Krea2, "Krea 2", None),
    (V2Model::Motion2_0, "Motion 2.0", Some("740848f7-3240-481a-b251-625f92ecb7ec")),
    (V2Model::Motion2_0Fast, "Motion 2.0 Fast", Some("0a7a3eb2-3905-480b-a89a-2f3ffff545e7")),
    (V2Model::Veo3_1Generate001, "Veo 3.1", None),
    (V2Model::Veo3_1FastGenerate001, "Veo 3.1 Fast", None),
    (V2Model::Veo3_1Lite, "Veo 3.1 Lite", None),
    (V2Model::Kling2_5, "Kling 2.5 Turbo", None),
    (V2Model::Kling2_6, "Kling 2.6", None),
    (V2Model::Kling2_5TurboStandard, "Kling 2.5 Turbo Standard", None),
    (V2Model::Ltxv2_3Pro, "LTX-2.3 Pro", None),
    (V2Model::Ltxv2_3Fast, "LTX-2.3 Fast", None),
    (V2Model::HappyHorse, "Happy Horse 1.0", None),
    (V2Model::HappyHorse1_1, "Happy Horse 1.1", None),
    (V2Model::Hailuo2_3, "Hailuo 2.3", None),
    (V2Model::Hailuo2_3Fast, "Hailuo 2.3 Fast", None),
    (V2Model::Hailuo03, "MiniMax H3", None),
    (V2Model::Wan3_0, "Wan 3.0", None),
    (V2Model::Wan2_7, "Wan 2.7", Some("52884d8c-e2b9-4bb1-8ed5-927d390fe53a")),
    (V2Model::Wan2_6, "Wan 2.6", None),
    (V2Model::Flux3Video, "FLUX 3 Video", None),
    (V2Model::Seedance1_0Pro, "Seedance 1.0 Pro", Some("728c9eac-b17d-47fe-b382-b9a28687fa85")),
    (V2Model::Seedance1_0ProFast, "Seedance 1.0 Pro Fast", Some("b959ecc2-a7f0-4618-9877-1bc45fc27570")),
    (V2Model::Seedance2_0, "Seedance 2.0", None),
    (V2Model::Seedance2_0Fast, "Seedance 2.0 Fast", None),
    (V2Model::Seedance2_0Mini, "Seedance 2.0 Mini", None),
    (V2Model::Seedance2_5, "Seedance 2.5", Some("3d498933-89cb-4726-93fe-bbea670f7bde")),
    (V2Model::GrokImagine1_5, "Grok Imagine 1.5", None),
    (V2Model::KlingVideoO1, "Kling O1 Video Model", None),
    (V2Model::Kling3_0, "Kling Video 3.0", None),
    (V2Model::Kling3_0Turbo, "Kling 3.0 Turbo", None),
    (V2Model::KlingVideoO3, "Kling Video O3 Omni", Some("0d5109cf-d256-4720-86d3-d8e5ff5a3ce2")),
    (V2Model::GeminiOmniFlash, "Gemini Omni Flash", None),
    (V2Model::GeminiOmni1_1FlashPreview, "Gemini Omni 1.1 Flash", None),
    (V2Model::AuroraUpscalerCreative, "Aurora Upscaler Creative", None),
    (V2Model::AuroraUpscalerPrecise, "Aurora Upscaler Precise", None),
    (V2Model::RemoveBg, "Remove Background", None),
    (V2Model::RodinV2, "Rodin V2", None),
    (V2Model::MusicV1, "Music", None),
    (V2Model::SoundEffectsV2, "Sound Effects", None),
    (V2Model::DialogueV3, "Dialogue", None),
    (V2Model::SeedAudio1_0, "Seed Audio 1.0", None),
];
