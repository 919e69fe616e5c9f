//! Generations and their images as the API shows them.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::api::app::App;
use crate::http::response::number;
use crate::state::generation::Generation;
use crate::state::ids::hash;
use crate::state::life::Status;
use crate::state::variation::{Transform, Variation};
use crate::sync::lock;

/// A generation as reading and listing show it.
pub(super) fn show(app: &App, generation: &Generation, now: Instant) -> Value {
    let create = &generation.create;
    let status = generation.status(now);
    let images: Vec<Value> = match status {
        Status::Complete => (0..create.num_images).map(|index| show_image(app, generation, index, now)).collect(),
        Status::Pending | Status::Failed => Vec::new(),
    };
    let motion = create.motion.as_ref();
    // Videos and what version 2 makes have none of what only the older models of pictures have.
    let is_other = motion.is_some() || create.version2.is_some();
    let pictured = |value: Value| if is_other { Value::Null } else { value };
    let optional = |value: Option<f64>| value.map_or(Value::Null, number);
    json!({
        "generated_images": images,
        "modelId": create.model_id.map(|id| id.to_string()),
        "motion": motion.map(|_| true),
        "motionModel": motion.map(|motion| motion.model),
        "motionStrength": motion.and_then(|motion| motion.strength),
        "prompt": &*create.prompt,
        "negativePrompt": create.negative_prompt,
        "imageHeight": create.height,
        "imageToVideo": motion.map(|motion| motion.from_image),
        "imageWidth": create.width,
        "inferenceSteps": pictured(create.steps.into()),
        "seed": generation.seed(),
        "public": create.public,
        "scheduler": or(create.scheduler, "EULER_DISCRETE"),
        "sdVersion": or(create.sd_version, "v1_5"),
        "status": status.as_str(),
        "presetStyle": create.preset_style,
        "initStrength": optional(create.init_strength),
        "guidanceScale": pictured(number(create.guidance_scale)),
        "id": generation.id.to_string(),
        "createdAt": app.state.shown(generation.life.created),
        "promptMagic": create.prompt_magic,
        "promptMagicVersion": create.prompt_magic_version,
        "promptMagicStrength": optional(create.prompt_magic_strength),
        "photoReal": pictured(create.photo_real.into()),
        "photoRealStrength": optional(create.photo_real_strength),
        "fantasyAvatar": create.fantasy_avatar,
        "ultra": create.ultra,
        "generation_elements": create.elements.iter().map(show_element).collect::<Vec<_>>(),
    })
}

/// What a request leaves open: the schema allows no null here, of videos neither, and the official clients read it so.
fn or(word: &'static str, default: &'static str) -> &'static str {
    if word.is_empty() { default } else { word }
}

fn show_image(app: &App, generation: &Generation, index: u32, now: Instant) -> Value {
    let motion = generation.create.motion.as_ref();
    let image = generation.image_id(index);
    let generic = |one: &Variation| one.transform != Transform::VideoUpscale && one.life.is_visible(now);
    let variations: Vec<Arc<Variation>> =
        lock(&app.state.account).variations_of(image).filter(|one| generic(one)).cloned().collect();
    json!({
        "url": app.state.urls.image(generation, index),
        "nsfw": generation.create.nsfw(),
        "id": image.to_string(),
        "likeCount": 0,
        "fantasyAvatar": generation.create.fantasy_avatar,
        "imageToVideo": motion.map(|motion| motion.from_image),
        "motion": motion.map(|_| true),
        "motionModel": motion.map(|motion| motion.model),
        "motionMP4URL": motion.map(|_| app.state.urls.film(generation)),
        "motionStrength": motion.and_then(|motion| motion.strength),
        "generated_image_variation_generics": variations.iter().map(|one| app.show_variation(one, now)).collect::<Vec<_>>(),
    })
}

fn show_element((id, weight): &(Box<str>, f64)) -> Value {
    json!({
        "id": hash(id.as_bytes()) % 1_000_000_000,
        "weightApplied": number(*weight),
        "lora": {
            "akUUID": id,
            "baseModel": "v1_5",
            "description": "An element of the emulator",
            "name": "Element",
            "urlImage": null,
            "weightDefault": 1,
            "weightMax": 2,
            "weightMin": -1,
        },
    })
}
