//! What the service documents of a generation's fields that depend on one another.
//!
//! Where two of its pages differ, the one that allows more counts. What is not set has no bearing, since not all of the
//! service's own defaults are documented; a field that another one needs may stand in `extra` as well.

use super::{CreateGenerationRequest, PresetStyle};
use crate::codec::Checking;
use crate::models::{ModelId, SdVersion};

pub(super) fn generation(request: &CreateGenerationRequest, checking: &mut Checking) {
    let family = Family::of(request);
    checking.list("controlnets", request.controlnets.as_deref());
    sizes(request, family, checking);
    alchemy(request, family, checking);
    photo_real(request, checking);
    style(request, checking);
    images(request, family, checking);
    if request.canvas_request == Some(true) {
        canvas(request, checking);
    }
    if request.enhance_prompt_instruction.is_some()
        && request.enhance_prompt != Some(true)
        && !request.extra.contains_key("enhancePrompt")
    {
        let value = &request.enhance_prompt_instruction;
        checking.refuse("enhancePromptInstruction", value, "needs enhancePrompt", "set enhancePrompt to true");
    }
}

/// The family of a model, as far as rules tell them apart.
#[derive(Clone, Copy, PartialEq)]
enum Family {
    Phoenix,
    Flux,
    Lucid,
    Sdxl,
    /// Another, or one that this crate does not know.
    Other,
}

impl Family {
    fn of(request: &CreateGenerationRequest) -> Self {
        match (&request.model_id, &request.sd_version) {
            _ if request.extra.contains_key("modelId") => Self::Other,
            (Some(model), _) => match model.as_str() {
                ModelId::PHOENIX_1_0 | ModelId::PHOENIX_0_9 => Self::Phoenix,
                ModelId::FLUX_DEV | ModelId::FLUX_SCHNELL | ModelId::FLUX_KONTEXT => Self::Flux,
                ModelId::LUCID_ORIGIN | ModelId::LUCID_REALISM => Self::Lucid,
                ModelId::LIGHTNING_XL
                | ModelId::KINO_XL
                | ModelId::ANIME_XL
                | ModelId::DIFFUSION_XL
                | ModelId::VISION_XL
                | ModelId::ALBEDO_BASE_XL => Self::Sdxl,
                _ => Self::Other,
            },
            (None, Some(SdVersion::Phoenix)) => Self::Phoenix,
            (None, Some(SdVersion::Flux | SdVersion::FluxDev)) => Self::Flux,
            (None, Some(SdVersion::Sdxl0_8 | SdVersion::Sdxl0_9 | SdVersion::Sdxl1_0 | SdVersion::SdxlLightning)) => {
                Self::Sdxl
            }
            (None, _) => Self::Other,
        }
    }
}

fn sizes(request: &CreateGenerationRequest, family: Family, checking: &mut Checking) {
    let sides = [("width", request.width), ("height", request.height)];
    // For Lucid the service documents larger ones.
    if family != Family::Lucid {
        for (field, side) in sides {
            checking.range(field, side.map(f64::from), (f64::NEG_INFINITY, 1536.0), "pixels");
        }
    }
    let longer_than = |limit| sides.iter().any(|(_, side)| side.is_some_and(|side| side > limit));
    let number = request.num_images.map(f64::from);
    if longer_than(768) {
        checking.range("num_images", number, (1.0, 4.0), "when a side is longer than 768 pixels");
    }
    let both = |limit| sides.iter().all(|(_, side)| side.is_some_and(|side| side > limit));
    if request.canvas_request == Some(true) && both(1024) {
        checking.range("num_images", number, (1.0, 2.0), "on a canvas above 1024 x 1024 pixels");
    }
    if family == Family::Flux {
        let seed = request.seed.map(|seed| seed as f64);
        checking.range("seed", seed, (f64::NEG_INFINITY, 2_147_483_637.0), "with a Flux model");
    }
}

fn alchemy(request: &CreateGenerationRequest, family: Family, checking: &mut Checking) {
    let is_on = request.alchemy == Some(true);
    let (most, with) = match (family, request.alchemy) {
        (Family::Sdxl, _) => (20.0, "with a model of the SDXL family"),
        (_, Some(false)) => (20.0, "without alchemy"),
        _ => (30.0, "with alchemy"),
    };
    checking.range("guidance_scale", request.guidance_scale, (f64::NEG_INFINITY, most), with);
    if is_on && family == Family::Phoenix {
        checking.range("contrast", request.contrast, (2.5, f64::INFINITY), "with Phoenix and alchemy");
    }
    if is_on && request.ultra == Some(true) {
        checking.refuse("ultra", &request.ultra, "cannot be used with alchemy", "set alchemy to false, or ultra");
    }
    if request.alchemy == Some(false) && request.contrast_ratio.is_some() {
        let advice = "set alchemy to true, or leave contrastRatio out";
        checking.refuse("contrastRatio", &request.contrast_ratio, "needs alchemy, which is false", advice);
    }
}

fn photo_real(request: &CreateGenerationRequest, checking: &mut Checking) {
    if request.photo_real != Some(true) {
        return;
    }
    if request.alchemy == Some(false) {
        checking.refuse("photoReal", &request.photo_real, "needs alchemy, which is false", "set alchemy to true");
    }
    let model = request.model_id.as_ref().map(ModelId::as_str);
    match request.photo_real_version.as_deref() {
        None | Some("v1") if model.is_some() => {
            let advice = "set it to None, or photoRealVersion to v2";
            checking.refuse("modelId", &request.model_id, "cannot be sent with PhotoReal v1", advice);
        }
        Some("v2") => {
            // One that this crate does not name may be newer.
            let is_refused = match model {
                Some(ModelId::KINO_XL | ModelId::DIFFUSION_XL | ModelId::VISION_XL) => false,
                Some(_) => Family::of(request) != Family::Other,
                None => !request.extra.contains_key("modelId"),
            };
            if is_refused {
                let bound = "must be that of Kino XL, Diffusion XL or Vision XL with PhotoReal v2";
                checking.refuse("modelId", &request.model_id, bound, "take one of ModelId::KINO_XL and so on");
            }
        }
        _ => {}
    }
}

const WITHOUT_ALCHEMY: &[PresetStyle] = &[PresetStyle::Leonardo, PresetStyle::None];

const WITH_ALCHEMY: &[PresetStyle] = &[
    PresetStyle::Anime,
    PresetStyle::Creative,
    PresetStyle::Dynamic,
    PresetStyle::Environment,
    PresetStyle::General,
    PresetStyle::Illustration,
    PresetStyle::Photography,
    PresetStyle::Raytraced,
    PresetStyle::Render3d,
    PresetStyle::SketchBw,
    PresetStyle::SketchColor,
    PresetStyle::None,
];

const OF_PHOTO_REAL_1: &[PresetStyle] = &[PresetStyle::Cinematic, PresetStyle::Creative, PresetStyle::Vibrant];

/// The last one is not in the service's list, but in its example.
const OF_PHOTO_REAL_2: &[PresetStyle] = &[
    PresetStyle::Bokeh,
    PresetStyle::Cinematic,
    PresetStyle::CinematicCloseup,
    PresetStyle::Creative,
    PresetStyle::Fashion,
    PresetStyle::Film,
    PresetStyle::Food,
    PresetStyle::Hdr,
    PresetStyle::LongExposure,
    PresetStyle::Macro,
    PresetStyle::Minimalistic,
    PresetStyle::Monochrome,
    PresetStyle::Moody,
    PresetStyle::Neutral,
    PresetStyle::Portrait,
    PresetStyle::Retro,
    PresetStyle::StockPhoto,
    PresetStyle::Vibrant,
    PresetStyle::Unprocessed,
    PresetStyle::Dynamic,
];

fn style(request: &CreateGenerationRequest, checking: &mut Checking) {
    let Some(style) = request.preset_style.as_ref().filter(|style| style.is_known()) else { return };
    let (styles, with) = match (request.photo_real, request.photo_real_version.as_deref(), request.alchemy) {
        (Some(true), Some("v2"), _) => (OF_PHOTO_REAL_2, "with PhotoReal v2"),
        (Some(true), None | Some("v1"), _) => (OF_PHOTO_REAL_1, "with PhotoReal v1"),
        (Some(true), ..) => return,
        (_, _, Some(true)) => (WITH_ALCHEMY, "with alchemy"),
        (_, _, Some(false)) => (WITHOUT_ALCHEMY, "without alchemy"),
        _ => return,
    };
    if !styles.contains(style) {
        let known: Vec<_> = styles.iter().map(PresetStyle::as_str).collect();
        let bound = format!("must be one of {} {with}", known.join(", "));
        checking.refuse("presetStyle", style, bound, "take one of those, or set it to None");
    }
}

/// Images that the generation starts from or is guided by.
fn images(request: &CreateGenerationRequest, family: Family, checking: &mut Checking) {
    let CreateGenerationRequest { init_image_id, init_generation_image_id, unzoom, unzoom_amount, .. } = request;
    if init_image_id.is_some() && init_generation_image_id.is_some() {
        let (bound, advice) = ("cannot be sent beside init_image_id", "leave one of the two out");
        checking.refuse("init_generation_image_id", init_generation_image_id, bound, advice);
    }
    let is_there = |name| request.extra.contains_key(name);
    let is_unzooming = *unzoom == Some(true);
    if is_unzooming && unzoom_amount.is_none() && !is_there("unzoomAmount") {
        checking.refuse("unzoomAmount", unzoom_amount, "is needed by unzoom", "say how far to zoom out");
    }
    if unzoom_amount.is_some() && !is_unzooming && !is_there("unzoom") {
        checking.refuse("unzoomAmount", unzoom_amount, "needs unzoom", "set unzoom to true, or leave unzoomAmount out");
    }
    if (is_unzooming || unzoom_amount.is_some()) && init_image_id.is_none() && !is_there("init_image_id") {
        checking.refuse("init_image_id", init_image_id, "is needed to zoom out of", "upload an image and set its id");
    }

    let (least, most) = if request.canvas_request == Some(true) { (0.0, 0.8) } else { (0.1, 0.9) };
    let why = if most == 0.8 { "on a canvas" } else { "without a canvas" };
    checking.range("init_strength", request.init_strength, (least, most), why);

    let controlnets = request.controlnets.as_deref().unwrap_or_default();
    if let [only] = controlnets {
        if only.influence.is_some() {
            let advice = "leave it out";
            let bound = "is for several style references";
            checking.refuse("controlnets[0].influence", &only.influence, bound, advice);
        }
    }
    if family == Family::Sdxl && (init_image_id.is_some() || init_generation_image_id.is_some()) {
        for (index, controlnet) in controlnets.iter().enumerate() {
            if !matches!(controlnet.preprocessor_id, 67 | 133) {
                let bound = "must be 67 or 133 beside an image to start from, with a model of the SDXL family";
                checking.within(format!("controlnets[{index}]."), |checking| {
                    let value = &controlnet.preprocessor_id;
                    checking.refuse("preprocessorId", value, bound, "leave the controlnet or the image out");
                });
            }
        }
    }
}

fn canvas(request: &CreateGenerationRequest, checking: &mut Checking) {
    let is_there = |name| request.extra.contains_key(name);
    let bound = "is needed by canvasRequest";
    if request.canvas_request_type.is_none() && !is_there("canvasRequestType") {
        checking.refuse("canvasRequestType", &request.canvas_request_type, bound, "say what the canvas is to do");
    }
    for (field, image) in [("canvasInitId", &request.canvas_init_id), ("canvasMaskId", &request.canvas_mask_id)] {
        if image.is_none() && !is_there(field) {
            checking.refuse(field, image, bound, "upload both images of the canvas and set their ids");
        }
    }
    if request.alchemy == Some(true) {
        checking.refuse("alchemy", &request.alchemy, "cannot be used on a canvas", "set it to false");
    }
    if request.photo_real == Some(true) {
        checking.refuse("photoReal", &request.photo_real, "cannot be used on a canvas", "set it to false");
    }
    if let Some(ModelId::LIGHTNING_XL | ModelId::ANIME_XL | ModelId::PHOENIX_1_0 | ModelId::PHOENIX_0_9) =
        request.model_id.as_ref().map(ModelId::as_str)
    {
        let bound = "cannot be Lightning XL, Anime XL or Phoenix on a canvas";
        checking.refuse("modelId", &request.model_id, bound, "take another model, such as ModelId::DIFFUSION_XL");
    }
}
