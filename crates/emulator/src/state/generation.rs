//! Generations: what was asked for, and what has become of it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use uuid::Uuid;

use super::ids::{self, mix};
use super::money::Ticks;

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
        ids::from_bits(self.id.as_u128() ^ image_mask(index))
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
pub(crate) fn generations_of_image(image: Uuid) -> impl Iterator<Item = Uuid> {
    (0..8).map(move |index| ids::from_bits(image.as_u128() ^ image_mask(index)))
}

/// The words of a prompt in the form a URL carries without escapes.
fn slug(prompt: &str) -> String {
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

pub(crate) fn has_word(prompt: &str, word: &str) -> bool {
    prompt.split(|c: char| !c.is_alphanumeric()).any(|part| part.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_ids_lead_back() {
        let id = ids::random();
        for index in 0..8 {
            let image = ids::from_bits(id.as_u128() ^ image_mask(index));
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
