//! Generations and their images as the API shows them.

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::http::response::number;
use crate::state::State;
use crate::state::generation::{Generation, Status};
use crate::state::ids::hash;

/// A generation as reading and listing show it.
pub(super) fn show(state: &State, generation: &Generation, now: Instant) -> Value {
    let create = &generation.create;
    let status = generation.status(now);
    let images: Vec<Value> = match status {
        Status::Complete => (0..create.num_images).map(|index| show_image(state, generation, index)).collect(),
        Status::Pending | Status::Failed => Vec::new(),
    };
    let optional = |value: Option<f64>| value.map_or(Value::Null, number);
    json!({
        "generated_images": images,
        "modelId": create.model_id.map(|id| id.to_string()),
        "motion": null,
        "motionModel": null,
        "motionStrength": null,
        "prompt": &*create.prompt,
        "negativePrompt": create.negative_prompt,
        "imageHeight": create.height,
        "imageToVideo": null,
        "imageWidth": create.width,
        "inferenceSteps": create.steps,
        "seed": create.seed,
        "public": create.public,
        "scheduler": create.scheduler,
        "sdVersion": create.sd_version,
        "status": status.as_str(),
        "presetStyle": create.preset_style,
        "initStrength": optional(create.init_strength),
        "guidanceScale": number(create.guidance_scale),
        "id": generation.id.to_string(),
        "createdAt": state.shown(generation.created),
        "promptMagic": create.prompt_magic,
        "promptMagicVersion": create.prompt_magic_version,
        "promptMagicStrength": optional(create.prompt_magic_strength),
        "photoReal": create.photo_real,
        "photoRealStrength": optional(create.photo_real_strength),
        "fantasyAvatar": create.fantasy_avatar,
        "ultra": create.ultra,
        "generation_elements": create.elements.iter().map(show_element).collect::<Vec<_>>(),
    })
}

fn show_image(state: &State, generation: &Generation, index: u32) -> Value {
    json!({
        "url": state.places.image(generation, index),
        "nsfw": generation.create.nsfw(),
        "id": generation.image_id(index).to_string(),
        "likeCount": 0,
        "fantasyAvatar": generation.create.fantasy_avatar,
        "imageToVideo": null,
        "motion": null,
        "motionModel": null,
        "motionMP4URL": null,
        "motionStrength": null,
        "generated_image_variation_generics": [],
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
