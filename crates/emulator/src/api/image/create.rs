//! The body of a create request: its fields, their defaults, and what is wrong with them.

use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::api::fields::{
    Kind, MAX_CHOSEN_SEED, MAX_SEED, checked, chosen_seed, flag, float, in_range, int, list, missing, not_uuid, one_of,
    text,
};
use crate::api::moderation::check_prompt;
use crate::http::response::ApiError;
use crate::state::generation::Create;
use crate::state::ids;

const DEFAULT_MODEL: &str = "b24e16ff-06e3-43eb-8d33-4416c2d75876";
/// A model that exists and that the API does not offer.
const WITHHELD_MODEL: &str = "00000000-0000-4000-8000-000000000000";

const STYLES: &[&str] = &[
    "ANIME",
    "BOKEH",
    "CINEMATIC",
    "CINEMATIC_CLOSEUP",
    "CREATIVE",
    "DYNAMIC",
    "ENVIRONMENT",
    "FASHION",
    "FILM",
    "FOOD",
    "GENERAL",
    "HDR",
    "ILLUSTRATION",
    "LEONARDO",
    "LONG_EXPOSURE",
    "MACRO",
    "MINIMALISTIC",
    "MONOCHROME",
    "MOODY",
    "NONE",
    "NEUTRAL",
    "PHOTOGRAPHY",
    "PORTRAIT",
    "RAYTRACED",
    "RENDER_3D",
    "RETRO",
    "SKETCH_BW",
    "SKETCH_COLOR",
    "STOCK_PHOTO",
    "VIBRANT",
    "UNPROCESSED",
];
const SCHEDULERS: &[&str] =
    &["KLMS", "EULER_ANCESTRAL_DISCRETE", "EULER_DISCRETE", "DDIM", "DPM_SOLVER", "PNDM", "LEONARDO"];
const SD_VERSIONS: &[&str] = &[
    "v1_5",
    "v2",
    "v3",
    "SDXL_0_8",
    "SDXL_0_9",
    "SDXL_1_0",
    "SDXL_LIGHTNING",
    "PHOENIX",
    "FLUX",
    "FLUX_DEV",
    "KINO_2_0",
];

/// Every field a create request may have.
const FIELDS: &[(&str, Kind)] = &[
    ("alchemy", Kind::Bool),
    ("canvasInitId", Kind::Text),
    ("canvasMaskId", Kind::Text),
    ("canvasRequest", Kind::Bool),
    ("canvasRequestType", Kind::Enum("canvasRequestType", &["INPAINT", "OUTPAINT", "SKETCH2IMG", "IMG2IMG"])),
    ("contrast", Kind::Float),
    ("contrastRatio", Kind::Float),
    ("controlNet", Kind::Bool),
    ("controlNetType", Kind::Enum("controlnet_type", &["POSE", "CANNY", "DEPTH"])),
    ("controlnets", Kind::Objects("controlnet_input")),
    ("elements", Kind::Objects("element_input")),
    ("enhancePrompt", Kind::Bool),
    ("enhancePromptInstruction", Kind::Text),
    ("expandedDomain", Kind::Bool),
    ("fantasyAvatar", Kind::Bool),
    ("guidance_scale", Kind::Float),
    ("height", Kind::Int),
    ("highContrast", Kind::Bool),
    ("highResolution", Kind::Bool),
    ("imagePromptWeight", Kind::Float),
    ("imagePrompts", Kind::Texts),
    ("init_generation_image_id", Kind::Text),
    ("init_image_id", Kind::Text),
    ("init_strength", Kind::Float),
    ("modelId", Kind::Text),
    ("negative_prompt", Kind::Text),
    ("num_images", Kind::Int),
    ("num_inference_steps", Kind::Int),
    ("photoReal", Kind::Bool),
    ("photoRealStrength", Kind::Float),
    ("photoRealVersion", Kind::Text),
    ("presetStyle", Kind::Enum("sd_generation_style", STYLES)),
    ("prompt", Kind::Text),
    ("promptMagic", Kind::Bool),
    ("promptMagicStrength", Kind::Float),
    ("promptMagicVersion", Kind::Text),
    ("public", Kind::Bool),
    ("scheduler", Kind::Enum("sd_generation_schedulers", SCHEDULERS)),
    ("sd_version", Kind::Enum("sd_versions", SD_VERSIONS)),
    ("seed", Kind::BigInt),
    ("styleUUID", Kind::Text),
    ("tiling", Kind::Bool),
    ("transparency", Kind::Enum("TransparencyType", &["disabled", "foreground_only"])),
    ("ultra", Kind::Bool),
    ("unzoom", Kind::Bool),
    ("unzoomAmount", Kind::Float),
    ("upscaleRatio", Kind::Float),
    ("userElements", Kind::Objects("user_elements_input")),
    ("weighting", Kind::Float),
    ("width", Kind::Int),
];

/// Where an image that a create request names must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Uploaded,
    /// Made by an earlier generation.
    Generated,
    /// Either of the two.
    Any,
}

/// An image that a create request names and that must exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) source: Source,
    pub(super) id: String,
    /// What is said when there is no such image.
    pub(super) refusal: &'static str,
}

/// Reads the body of a create request, and which images must exist for it.
pub(super) fn parse(body: &[u8]) -> Result<(Create, Vec<Reference>), ApiError> {
    let fields = &checked(body, FIELDS)?;
    let Some(prompt) = text(fields, "prompt") else {
        return Err(missing("prompt"));
    };
    check_prompt(prompt)?;
    let (width, height, num_images) = size(fields)?;
    check_ranges(fields)?;
    let model_id = model(fields)?;
    let sd_version = text(fields, "sd_version").and_then(|v| one_of(SD_VERSIONS, v));
    let seed = seed(fields, sd_version)?;
    let photo_real = flag(fields, "photoReal").unwrap_or(false);
    let default_sd =
        if model_id.is_some() && model_id == ids::parse(DEFAULT_MODEL) { "SDXL_LIGHTNING" } else { "v1_5" };

    let create = Create {
        prompt: Arc::from(prompt),
        negative_prompt: text(fields, "negative_prompt").unwrap_or_default().into(),
        model_id,
        width,
        height,
        num_images,
        seed,
        steps: int(fields, "num_inference_steps").unwrap_or(15),
        guidance_scale: float(fields, "guidance_scale").unwrap_or(7.0),
        preset_style: match fields.get("presetStyle") {
            None => Some("DYNAMIC"),
            Some(value) => value.as_str().and_then(|v| one_of(STYLES, v)),
        },
        scheduler: text(fields, "scheduler").and_then(|v| one_of(SCHEDULERS, v)).unwrap_or("EULER_DISCRETE"),
        sd_version: sd_version.unwrap_or(default_sd),
        public: flag(fields, "public").unwrap_or(false),
        alchemy: flag(fields, "alchemy").unwrap_or(true),
        ultra: flag(fields, "ultra"),
        photo_real,
        photo_real_strength: photo_real.then(|| float(fields, "photoRealStrength").unwrap_or(0.55)),
        prompt_magic: flag(fields, "promptMagic").unwrap_or(false),
        prompt_magic_version: text(fields, "promptMagicVersion").map(Into::into),
        prompt_magic_strength: float(fields, "promptMagicStrength"),
        high_contrast: flag(fields, "highContrast").unwrap_or(false),
        init_strength: float(fields, "init_strength"),
        fantasy_avatar: flag(fields, "fantasyAvatar"),
        tiling: flag(fields, "tiling").unwrap_or(false),
        transparent: text(fields, "transparency") == Some("foreground_only"),
        canvas: flag(fields, "canvasRequest").unwrap_or(false),
        elements: elements(fields)?,
        init_image_id: text(fields, "init_image_id").map(Into::into),
        init_generated_image_id: text(fields, "init_generation_image_id").map(Into::into),
        controlnets: list(fields, "controlnets").next().is_some(),
        motion: None,
        made_of: None,
        version2: None,
    };
    Ok((create, references(fields)?))
}

/// Width, height and number of the images.
fn size(fields: &Map<String, Value>) -> Result<(u32, u32, u32), ApiError> {
    let (width, height) = (int(fields, "width").unwrap_or(1024), int(fields, "height").unwrap_or(768));
    for side in [width, height] {
        if !(32..=1536).contains(&side) || side % 8 != 0 {
            return Err(ApiError::bad(
                "invalid dimensions: width and height must be between 32 and 1536 and a multiple of 8",
            ));
        }
    }
    let num_images = int(fields, "num_images").unwrap_or(4);
    let most = if width > 768 || height > 768 { 4 } else { 8 };
    if num_images > most {
        return Err(ApiError::bad(format!(
            "Too many images: num_images must be between 1 and {most} at {width}x{height}"
        )));
    }
    if num_images < 1 {
        return Err(ApiError::bad("num_images must be at least 1"));
    }
    let number = |value: i64| u32::try_from(value).unwrap_or(0);
    Ok((number(width), number(height), number(num_images)))
}

fn check_ranges(fields: &Map<String, Value>) -> Result<(), ApiError> {
    for (name, least, most) in [
        ("num_inference_steps", 10.0, 60.0),
        ("guidance_scale", 1.0, 20.0),
        ("init_strength", 0.1, 0.9),
        ("promptMagicStrength", 0.1, 1.0),
        ("contrastRatio", 0.0, 1.0),
        ("contrast", 1.0, 4.5),
    ] {
        in_range(name, float(fields, name), least, most)?;
    }
    Ok(())
}

fn model(fields: &Map<String, Value>) -> Result<Option<Uuid>, ApiError> {
    let model_id = match fields.get("modelId") {
        None => ids::parse(DEFAULT_MODEL),
        Some(Value::String(id)) => Some(ids::parse(id).ok_or_else(|| not_uuid(id))?),
        Some(_) => None,
    };
    if model_id.is_some() && model_id == ids::parse(WITHHELD_MODEL) {
        return Err(ApiError::bad("ID is not supported within the Production API"));
    }
    Ok(model_id)
}

fn seed(fields: &Map<String, Value>, sd_version: Option<&str>) -> Result<i64, ApiError> {
    let most = if matches!(sd_version, Some("FLUX" | "FLUX_DEV")) { MAX_CHOSEN_SEED } else { MAX_SEED };
    match int(fields, "seed") {
        Some(seed) if (0..=most).contains(&seed) => Ok(seed),
        Some(_) => Err(ApiError::bad(format!("invalid seed: must be between 0 and {most}"))),
        None => Ok(chosen_seed()),
    }
}

fn elements(fields: &Map<String, Value>) -> Result<Vec<(Box<str>, f64)>, ApiError> {
    list(fields, "elements")
        .map(|element| {
            let id = element.get("akUUID").and_then(Value::as_str).ok_or_else(|| missing("akUUID"))?;
            let weight = element.get("weight").and_then(Value::as_f64).unwrap_or(1.0);
            Ok((id.into(), weight))
        })
        .collect()
}

fn references(fields: &Map<String, Value>) -> Result<Vec<Reference>, ApiError> {
    const INIT: &str = "invalid init image id";
    const VARIATION: &str = "failed to find init variation";
    const IMAGE: &str = "couldn't access image";
    let mut named = Vec::new();
    let mut name = |source, id: &str, refusal| named.push(Reference { source, id: id.to_owned(), refusal });
    for id in ["init_image_id", "canvasInitId", "canvasMaskId"].into_iter().filter_map(|name| text(fields, name)) {
        name(Source::Uploaded, id, INIT);
    }
    if let Some(id) = text(fields, "init_generation_image_id") {
        name(Source::Generated, id, VARIATION);
    }
    for id in list(fields, "imagePrompts").filter_map(Value::as_str) {
        name(Source::Any, id, IMAGE);
    }
    for net in list(fields, "controlnets") {
        let id = net.get("initImageId").and_then(Value::as_str).ok_or_else(|| missing("initImageId"))?;
        match net.get("initImageType").and_then(Value::as_str) {
            Some("UPLOADED") => name(Source::Uploaded, id, IMAGE),
            Some("GENERATED") => name(Source::Generated, id, IMAGE),
            _ => return Err(missing("initImageType")),
        }
    }
    Ok(named)
}
