//! The body of a create request: its fields, their defaults, and what is wrong with them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::ids::Uuid;
use crate::reply::ApiError;
use axum::http::StatusCode;

/// The largest seed the service chooses by itself, and the largest its Flux models take.
pub(crate) const MAX_CHOSEN_SEED: i64 = 2_147_483_637;
/// The largest seed a caller may choose for other models.
const MAX_SEED: i64 = 9_999_999_998;
const DEFAULT_MODEL: &str = "b24e16ff-06e3-43eb-8d33-4416c2d75876";
/// A model that exists and that the API does not offer.
const WITHHELD_MODEL: &str = "00000000-0000-4000-8000-000000000000";

/// Words that moderation refuses, how it answers, and whether it names the word.
const MODERATED: [(&str, StatusCode, bool); 3] = [
    ("forbiddenword", StatusCode::FORBIDDEN, true),
    ("bannedword", StatusCode::BAD_REQUEST, true),
    ("unseemlyword", StatusCode::BAD_REQUEST, false),
];

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

#[derive(Clone, Copy)]
enum Kind {
    Bool,
    Int,
    BigInt,
    Float,
    Text,
    Enum(&'static str, &'static [&'static str]),
    Texts,
    Objects(&'static str),
}

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

/// An image that a create request names and that must exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// Uploaded; the text is the refusal when there is no such image.
    Uploaded(String, &'static str),
    /// Made by an earlier generation.
    Generated(String, &'static str),
    /// Either of the two.
    Any(String, &'static str),
}

/// A create request that may be carried out.
#[derive(Debug)]
pub(crate) struct Create {
    pub(crate) prompt: Arc<str>,
    pub(crate) negative_prompt: Box<str>,
    pub(crate) model_id: Option<Uuid>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) num_images: u32,
    pub(crate) seed: i64,
    pub(crate) steps: i64,
    pub(crate) guidance_scale: f64,
    pub(crate) preset_style: Option<&'static str>,
    pub(crate) scheduler: &'static str,
    pub(crate) sd_version: &'static str,
    pub(crate) public: bool,
    pub(crate) alchemy: bool,
    pub(crate) ultra: Option<bool>,
    pub(crate) photo_real: bool,
    pub(crate) photo_real_strength: Option<f64>,
    pub(crate) prompt_magic: bool,
    pub(crate) prompt_magic_version: Option<Box<str>>,
    pub(crate) prompt_magic_strength: Option<f64>,
    pub(crate) high_contrast: bool,
    pub(crate) init_strength: Option<f64>,
    pub(crate) fantasy_avatar: Option<bool>,
    pub(crate) tiling: bool,
    pub(crate) transparent: bool,
    pub(crate) canvas: bool,
    pub(crate) elements: Vec<(Box<str>, f64)>,
    pub(crate) init_image_id: Option<Box<str>>,
    pub(crate) init_generated_image_id: Option<Box<str>>,
    pub(crate) controlnets: bool,
}

impl Create {
    /// Whether the images are so marked; asked for with the word `nsfwword`, so that clients can be tried with it.
    pub(crate) fn nsfw(&self) -> bool {
        has_word(&self.prompt, "nsfwword")
    }

    /// Whether the generation is to end as FAILED; asked for with the words `fail this`.
    pub(crate) fn fails(&self) -> bool {
        self.prompt.contains("fail this")
    }

    /// How long the generation is to take, if the prompt says so: `slow 5s` or `slow 300ms`.
    pub(crate) fn takes(&self) -> Option<Duration> {
        let mut words = self.prompt.split_whitespace().skip_while(|word| *word != "slow").skip(1);
        let time = words.next()?;
        let milliseconds = match time.strip_suffix("ms") {
            Some(number) => number.parse().ok()?,
            None => time.strip_suffix('s')?.parse::<u64>().ok()?.checked_mul(1000)?,
        };
        // A day is for ever in a test, and far from what clocks cannot count.
        Some(Duration::from_millis(milliseconds).min(Duration::from_secs(86_400)))
    }

    pub(crate) fn extension(&self) -> &'static str {
        if self.transparent { "png" } else { "jpg" }
    }
}

/// Reads the body of a create request, and which images must exist for it.
pub(crate) fn parse(body: &[u8]) -> Result<(Create, Vec<Reference>), ApiError> {
    let fields = object(body)?;
    for (name, value) in &fields {
        let Some((_, kind)) = FIELDS.iter().find(|(known, _)| known == name) else {
            return Err(ApiError::bad(format!("Unexpected variable {name}")));
        };
        check(*kind, value)?;
    }
    let Some(prompt) = fields.get("prompt").and_then(Value::as_str) else {
        return Err(missing("prompt"));
    };
    check_prompt(prompt)?;

    let int = |name: &str, default: i64| fields.get(name).and_then(Value::as_i64).unwrap_or(default);
    let float = |name: &str| fields.get(name).and_then(Value::as_f64);
    let flag = |name: &str| fields.get(name).and_then(Value::as_bool);
    let text = |name: &str| fields.get(name).and_then(Value::as_str);

    let (width, height) = (int("width", 1024), int("height", 768));
    for side in [width, height] {
        if !(32..=1536).contains(&side) || side % 8 != 0 {
            return Err(ApiError::bad(
                "invalid dimensions: width and height must be between 32 and 1536 and a multiple of 8",
            ));
        }
    }
    let num_images = int("num_images", 4);
    let most = if width > 768 || height > 768 { 4 } else { 8 };
    if num_images > most {
        return Err(ApiError::bad(format!(
            "Too many images: num_images must be between 1 and {most} at {width}x{height}"
        )));
    }
    if num_images < 1 {
        return Err(ApiError::bad("num_images must be at least 1"));
    }
    in_range("num_inference_steps", fields.get("num_inference_steps").and_then(Value::as_f64), 10.0, 60.0)?;
    in_range("guidance_scale", float("guidance_scale"), 1.0, 20.0)?;
    in_range("init_strength", float("init_strength"), 0.1, 0.9)?;
    in_range("promptMagicStrength", float("promptMagicStrength"), 0.1, 1.0)?;
    in_range("contrastRatio", float("contrastRatio"), 0.0, 1.0)?;
    in_range("contrast", float("contrast"), 1.0, 4.5)?;

    let model_id = match fields.get("modelId") {
        None => Uuid::parse(DEFAULT_MODEL),
        Some(Value::String(id)) => Some(Uuid::parse(id).ok_or_else(|| ApiError::not_uuid(id))?),
        Some(_) => None,
    };
    if model_id.is_some() && model_id == Uuid::parse(WITHHELD_MODEL) {
        return Err(ApiError::bad("ID is not supported within the Production API"));
    }
    let sd_version = text("sd_version").and_then(|v| one_of(SD_VERSIONS, v));
    let max_seed = if matches!(sd_version, Some("FLUX" | "FLUX_DEV")) { MAX_CHOSEN_SEED } else { MAX_SEED };
    let seed = match fields.get("seed").and_then(Value::as_i64) {
        Some(seed) if (0..=max_seed).contains(&seed) => seed,
        Some(_) => {
            return Err(ApiError::bad(format!("invalid seed: must be between 0 and {max_seed}")));
        }
        None => fastrand::i64(0..=MAX_CHOSEN_SEED),
    };
    let photo_real = flag("photoReal").unwrap_or(false);
    let default_sd =
        if model_id.is_some() && model_id == Uuid::parse(DEFAULT_MODEL) { "SDXL_LIGHTNING" } else { "v1_5" };
    let side = |value: i64| u32::try_from(value).unwrap_or(0);

    let create = Create {
        prompt: Arc::from(prompt),
        negative_prompt: text("negative_prompt").unwrap_or_default().into(),
        model_id,
        width: side(width),
        height: side(height),
        num_images: side(num_images),
        seed,
        steps: int("num_inference_steps", 15),
        guidance_scale: float("guidance_scale").unwrap_or(7.0),
        preset_style: match fields.get("presetStyle") {
            None => Some("DYNAMIC"),
            Some(value) => value.as_str().and_then(|v| one_of(STYLES, v)),
        },
        scheduler: text("scheduler").and_then(|v| one_of(SCHEDULERS, v)).unwrap_or("EULER_DISCRETE"),
        sd_version: sd_version.unwrap_or(default_sd),
        public: flag("public").unwrap_or(false),
        alchemy: flag("alchemy").unwrap_or(true),
        ultra: flag("ultra"),
        photo_real,
        photo_real_strength: photo_real.then(|| float("photoRealStrength").unwrap_or(0.55)),
        prompt_magic: flag("promptMagic").unwrap_or(false),
        prompt_magic_version: text("promptMagicVersion").map(Into::into),
        prompt_magic_strength: float("promptMagicStrength"),
        high_contrast: flag("highContrast").unwrap_or(false),
        init_strength: float("init_strength"),
        fantasy_avatar: flag("fantasyAvatar"),
        tiling: flag("tiling").unwrap_or(false),
        transparent: text("transparency") == Some("foreground_only"),
        canvas: flag("canvasRequest").unwrap_or(false),
        elements: elements(&fields)?,
        init_image_id: text("init_image_id").map(Into::into),
        init_generated_image_id: text("init_generation_image_id").map(Into::into),
        controlnets: list(&fields, "controlnets").next().is_some(),
    };
    Ok((create, references(&fields)?))
}

/// The JSON object that a body must be.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(ApiError::bad("invalid json: expected an object")),
        Err(_) => Err(ApiError::bad("invalid json")),
    }
}

/// A text field that must be there, of a body that has no other fields than those named.
pub(crate) fn required_texts<const N: usize>(body: &[u8], names: [&str; N]) -> Result<[String; N], ApiError> {
    let fields = object(body)?;
    if let Some(name) = fields.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(ApiError::bad(format!("Unexpected variable {name}")));
    }
    let mut texts = [const { String::new() }; N];
    for (text, name) in texts.iter_mut().zip(names) {
        let value = fields.get(name).unwrap_or(&Value::Null);
        check(Kind::Text, value)?;
        *text = value.as_str().ok_or_else(|| missing(name))?.to_owned();
    }
    Ok(texts)
}

fn missing(name: &str) -> ApiError {
    ApiError::shape(format!("expecting a value for non-nullable variable: \"{name}\""))
}

fn check_prompt(prompt: &str) -> Result<(), ApiError> {
    if prompt.chars().count() > 1500 {
        return Err(ApiError::bad("Invalid prompt, maximum length of 1500 characters exceeded"));
    }
    for (word, status, named) in MODERATED {
        if has_word(prompt, word) {
            let error = if named {
                format!("content moderation filter: {word}")
            } else {
                "Your prompt appears to contain inappropriate content. Please revise it and try again.".to_owned()
            };
            return Err(ApiError::new(status, error, "bad-request"));
        }
    }
    Ok(())
}

pub(crate) fn has_word(prompt: &str, word: &str) -> bool {
    prompt.split(|c: char| !c.is_alphanumeric()).any(|part| part.eq_ignore_ascii_case(word))
}

fn in_range(name: &str, value: Option<f64>, least: f64, most: f64) -> Result<(), ApiError> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(ApiError::bad(format!("{name} must be between {least} and {most}")))
        }
        _ => Ok(()),
    }
}

fn one_of(known: &'static [&'static str], value: &str) -> Option<&'static str> {
    known.iter().copied().find(|known| *known == value)
}

fn check(kind: Kind, value: &Value) -> Result<(), ApiError> {
    if value.is_null() {
        return Ok(());
    }
    let (expected, of, fits) = match kind {
        Kind::Bool => ("a boolean", "Boolean", value.is_boolean()),
        Kind::Int => ("a 32-bit integer", "Int", value.as_i64().is_some_and(|n| i32::try_from(n).is_ok())),
        Kind::BigInt => ("an integer", "bigint", value.as_i64().is_some()),
        Kind::Float => ("a float", "Float", value.is_number()),
        Kind::Text => ("a string", "String", value.is_string()),
        Kind::Enum(of, known) => {
            if let Some(text) = value.as_str() {
                if one_of(known, text).is_some() {
                    return Ok(());
                }
                let known = known.iter().map(|k| format!("'{k}'")).collect::<Vec<_>>().join(", ");
                return Err(ApiError::shape(format!(
                    "expected one of the values [{known}] for type '{of}', but found '{text}'"
                )));
            }
            ("an enum value", of, false)
        }
        Kind::Texts => (
            "a list of strings",
            "[String]",
            value.as_array().is_some_and(|items| items.iter().all(|i| i.is_string() || i.is_null())),
        ),
        Kind::Objects(of) => {
            ("a list of objects", of, value.as_array().is_some_and(|items| items.iter().all(Value::is_object)))
        }
    };
    if fits {
        return Ok(());
    }
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Err(ApiError::shape(format!("expected {expected} for type '{of}', but found {found}")))
}

fn list<'a>(fields: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Value> {
    fields.get(name).and_then(Value::as_array).into_iter().flatten()
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
    for name in ["init_image_id", "canvasInitId", "canvasMaskId"] {
        if let Some(id) = fields.get(name).and_then(Value::as_str) {
            named.push(Reference::Uploaded(id.to_owned(), INIT));
        }
    }
    if let Some(id) = fields.get("init_generation_image_id").and_then(Value::as_str) {
        named.push(Reference::Generated(id.to_owned(), VARIATION));
    }
    for id in list(fields, "imagePrompts").filter_map(Value::as_str) {
        named.push(Reference::Any(id.to_owned(), IMAGE));
    }
    for net in list(fields, "controlnets") {
        let id = net.get("initImageId").and_then(Value::as_str).ok_or_else(|| missing("initImageId"))?.to_owned();
        match net.get("initImageType").and_then(Value::as_str) {
            Some("UPLOADED") => named.push(Reference::Uploaded(id, IMAGE)),
            Some("GENERATED") => named.push(Reference::Generated(id, IMAGE)),
            _ => return Err(missing("initImageType")),
        }
    }
    Ok(named)
}
