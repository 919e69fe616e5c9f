//! The account: its generations, its balance and its charges.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::clock;
use crate::create::{Create, Reference};
use crate::ids::{Uuid, hash, mix};
use crate::money::{self, Ticks};
use crate::record::Charge;
use crate::reply::{ApiError, number};
use crate::uploads::{Known, Uploads};

/// One accepted create request.
pub(crate) struct Generation {
    pub(crate) id: Uuid,
    pub(crate) created: SystemTime,
    /// When it is complete, or has failed.
    pub(crate) ready: Instant,
    /// From when on it can be found.
    pub(crate) visible: Instant,
    pub(crate) fails: bool,
    pub(crate) price: Ticks,
    pub(crate) create: Create,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    Complete,
    Failed,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
        }
    }
}

impl Generation {
    pub(crate) fn status(&self, now: Instant) -> Status {
        if now < self.ready {
            Status::Pending
        } else if self.fails {
            Status::Failed
        } else {
            Status::Complete
        }
    }

    /// The id of one of its images; [`generations_of_image`] leads back from it.
    pub(crate) fn image_id(&self, index: u32) -> Uuid {
        Uuid::from_bits(self.id.bits() ^ image_mask(index))
    }

    /// The name of an image's file.
    pub(crate) fn file(&self, index: u32) -> String {
        format!("{}_{index}.{}", slug(&self.create.prompt), self.create.extension())
    }
}

/// Where image ids come from: the generation's id with bits changed by the image's place. What distinguishes a UUID's
/// version is the same in all of them and left out, so that changing the bits back gives the generation's id again.
fn image_mask(index: u32) -> u128 {
    u128::from(mix(0x1a6e_0000 + u64::from(index)) >> 4)
}

/// The ids of the generations that could have an image of this id.
fn generations_of_image(image: Uuid) -> impl Iterator<Item = Uuid> {
    (0..8).map(move |index| Uuid::from_bits(image.bits() ^ image_mask(index)))
}

/// The words of a prompt in the form a URL carries without escapes.
pub(crate) fn slug(prompt: &str) -> String {
    let mut slug = String::new();
    for c in prompt.chars() {
        if slug.len() >= 40 {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    let slug = slug.trim_end_matches('_');
    if slug.is_empty() { "image".to_owned() } else { slug.to_owned() }
}

#[derive(Default)]
pub(crate) struct Store {
    by_number: BTreeMap<u64, Arc<Generation>>,
    numbers: HashMap<Uuid, u64>,
    next: u64,
    spent: Ticks,
    charges: Vec<ChargeRow>,
}

/// A charge as it is kept: the prompt is the generation's own, so that charges cost little.
struct ChargeRow {
    generation: Uuid,
    prompt: Arc<str>,
    seed: i64,
    num_images: u32,
    price: Ticks,
    at: SystemTime,
}

impl Store {
    pub(crate) fn add(&mut self, generation: Generation) -> Arc<Generation> {
        let generation = Arc::new(generation);
        self.spent += generation.price;
        self.charges.push(ChargeRow {
            generation: generation.id,
            prompt: Arc::clone(&generation.create.prompt),
            seed: generation.create.seed,
            num_images: generation.create.num_images,
            price: generation.price,
            at: generation.created,
        });
        self.numbers.insert(generation.id, self.next);
        self.by_number.insert(self.next, Arc::clone(&generation));
        self.next += 1;
        generation
    }

    /// How many generations there ever were.
    pub(crate) fn count(&self) -> u64 {
        self.next
    }

    pub(crate) fn get(&self, id: Uuid) -> Option<&Arc<Generation>> {
        self.by_number.get(self.numbers.get(&id)?)
    }

    pub(crate) fn remove(&mut self, id: Uuid) -> Option<Arc<Generation>> {
        let number = self.numbers.remove(&id)?;
        self.by_number.remove(&number)
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Arc<Generation>> {
        self.by_number.values().rev()
    }

    pub(crate) fn spent(&self) -> Ticks {
        self.spent
    }

    pub(crate) fn charges(&self) -> Vec<Charge> {
        self.charges
            .iter()
            .map(|row| Charge {
                generation_id: row.generation.to_string(),
                prompt: row.prompt.as_ref().to_owned(),
                seed: row.seed,
                num_images: row.num_images,
                amount: money::dollars(row.price),
                at: row.at,
            })
            .collect()
    }

    /// Whether every image a create request names exists.
    pub(crate) fn check(&self, references: &[Reference], uploads: &Uploads, now: Instant) -> Result<(), ApiError> {
        for reference in references {
            let (known, refusal) = match reference {
                Reference::Uploaded(id, refusal) => (uploads.known(id), refusal),
                Reference::Generated(id, refusal) => (self.has_image(id, now), refusal),
                Reference::Any(id, refusal) => match self.has_image(id, now) {
                    Known::No => (uploads.known(id), refusal),
                    known => (known, refusal),
                },
            };
            match known {
                Known::Yes => {}
                Known::No => return Err(ApiError::bad(*refusal)),
                Known::Empty => return Err(ApiError::bad("couldn't access image")),
            }
        }
        Ok(())
    }

    fn has_image(&self, id: &str, now: Instant) -> Known {
        let Some(image) = Uuid::parse(id) else { return Known::No };
        let there = generations_of_image(image).enumerate().any(|(index, id)| {
            self.get(id).is_some_and(|generation| {
                index < generation.create.num_images as usize && generation.status(now) == Status::Complete
            })
        });
        if there { Known::Yes } else { Known::No }
    }
}

/// Where pictures live, and how the clock of `createdAt` stands.
pub(crate) struct Place<'a> {
    pub(crate) origin: &'a str,
    pub(crate) user: Uuid,
    pub(crate) skew_millis: i64,
}

impl Place<'_> {
    pub(crate) fn image_url(&self, generation: &Generation, index: u32) -> String {
        format!("{}/cdn/users/{}/generations/{}/{}", self.origin, self.user, generation.id, generation.file(index))
    }

    /// A generation as the routes show it.
    pub(crate) fn show(&self, generation: &Generation, now: Instant) -> Value {
        let create = &generation.create;
        let status = generation.status(now);
        let images: Vec<Value> = match status {
            Status::Complete => (0..create.num_images).map(|index| self.show_image(generation, index)).collect(),
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
            "createdAt": clock::zoneless(clock::shifted(generation.created, self.skew_millis)),
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

    fn show_image(&self, generation: &Generation, index: u32) -> Value {
        json!({
            "url": self.image_url(generation, index),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_ids_lead_back() {
        let id = Uuid::random();
        for index in 0..8 {
            let image = Uuid::from_bits(id.bits() ^ image_mask(index));
            assert_ne!(image, id);
            assert_eq!(generations_of_image(image).nth(index as usize), Some(id));
        }
    }

    #[test]
    fn slugs() {
        assert_eq!(slug("A majestic cat in the snow"), "A_majestic_cat_in_the_snow");
        assert_eq!(slug("  ¡olé! ../../etc "), "ol_etc");
        assert_eq!(slug("雪"), "image");
        assert!(slug(&"word ".repeat(100)).len() <= 40);
    }
}
