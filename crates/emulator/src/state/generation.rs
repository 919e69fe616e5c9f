//! Generations: what was asked for, and what has become of it.

use std::sync::Arc;

use tokio::time::Instant;
use uuid::Uuid;

use super::cut_out::CutOut;
use super::ids::{self, mix};
use super::life::{Life, Status};
use super::money::Ticks;
use super::picture::{Drawing, Film};
use super::subject::Subject;

/// One accepted create request.
pub(crate) struct Generation {
    pub(crate) id: Uuid,
    pub(crate) life: Life,
    pub(crate) price: Ticks,
    pub(crate) create: Create,
}

/// The moving part of a generation that is a video.
#[derive(Debug)]
pub(crate) struct Motion {
    /// As the service names it in its responses.
    pub(crate) model: &'static str,
    pub(crate) strength: Option<i64>,
    /// Whether it was made from an image.
    pub(crate) from_image: bool,
    pub(crate) film: Film,
}

/// A create request that may be carried out.
#[derive(Debug, Default)]
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
    /// For videos, of which most of the fields above are empty.
    pub(crate) motion: Option<Motion>,
    /// What its one picture shows, if it was made of another picture.
    pub(crate) made_of: Option<Subject>,
    /// For what version 2 makes, of which they are as well.
    pub(crate) version2: Option<Version2>,
}

/// What only generations of version 2 have.
#[derive(Debug)]
pub(crate) struct Version2 {
    /// The seed that its record shows; many models have none, and one to draw from they have all the same.
    pub(crate) seed: Option<i64>,
    /// Its picture, if that is one without its background.
    pub(crate) cut_out: Option<Arc<CutOut>>,
}

impl Create {
    /// Whether the images are so marked; asked for with the word `nsfwword`, so that clients can be tried with it.
    pub(crate) fn nsfw(&self) -> bool {
        has_word(&self.prompt, "nsfwword")
    }
}

impl Generation {
    pub(crate) fn status(&self, now: Instant) -> Status {
        self.life.status(now)
    }

    /// The seed, if it is one that matters to those who asked.
    pub(crate) fn seed(&self) -> Option<i64> {
        self.create.version2.as_ref().map_or(Some(self.create.seed), |version2| version2.seed)
    }

    /// What one of its pictures shows, or what stands for it where something else is made of it; of a video the poster.
    pub(crate) fn subject(&self, index: u32) -> Subject {
        let create = &self.create;
        match (&create.motion, &create.made_of, self.cut_out()) {
            (Some(motion), ..) => motion.film.poster.clone(),
            (None, Some(picture), _) => picture.clone(),
            (None, None, Some(cut_out)) => cut_out.subject(create.width, create.height),
            (None, None, None) => Subject {
                index,
                transparent: create.transparent,
                ..Subject::of_size(Arc::clone(&create.prompt), create.seed, create.width, create.height)
            },
        }
    }

    /// One of its pictures.
    fn picture(&self, index: u32) -> Drawing {
        match self.cut_out() {
            Some(cut_out) => Drawing::CutOut(Arc::clone(cut_out)),
            None => Drawing::Picture(self.subject(index)),
        }
    }

    fn cut_out(&self) -> Option<&Arc<CutOut>> {
        self.create.version2.as_ref()?.cut_out.as_ref()
    }

    /// The files it has made, by their names.
    pub(crate) fn files(&self) -> impl Iterator<Item = (String, Drawing)> {
        let pictures = (0..self.create.num_images).map(|index| (self.file(index), self.picture(index)));
        let film = self.create.motion.iter().map(|motion| (self.film_file(), Drawing::Film(motion.film.clone())));
        pictures.chain(film)
    }

    /// The id of one of its images; [`generations_of_image`] leads back from it.
    pub(crate) fn image_id(&self, index: u32) -> Uuid {
        ids::from_bits(self.id.as_u128() ^ image_mask(index))
    }

    /// The name of an image's file.
    pub(crate) fn file(&self, index: u32) -> String {
        format!("{}_{index}.{}", slug(&self.create.prompt), self.picture(index).extension())
    }

    /// The name of a video's file.
    pub(crate) fn film_file(&self) -> String {
        format!("{}_0.mp4", slug(&self.create.prompt))
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
