//! The account: its generations and its charges.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::time::Instant;
use uuid::Uuid;

use super::generation::{Generation, Status, generations_of_image};
use super::ids;
use super::money::{self, Ticks};

/// A create request that was accepted and charged, whether or not its response arrived.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Charge {
    /// The id of the generation it made.
    pub generation_id: String,
    /// The prompt of the generation.
    pub prompt: String,
    /// The seed of the generation, chosen by the caller or by the emulator.
    pub seed: i64,
    /// The number of images asked for.
    pub num_images: u32,
    /// The sum, in credits, or in dollars with [`Plan::PayAsYouGo`](crate::Plan::PayAsYouGo).
    pub amount: f64,
    /// The moment of the charge.
    pub at: SystemTime,
}

#[derive(Default)]
pub(crate) struct Account {
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

impl Account {
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
                amount: money::units(row.price),
                at: row.at,
            })
            .collect()
    }

    /// Whether a generation has made an image of this id, and it is complete.
    pub(crate) fn has_image(&self, id: &str, now: Instant) -> bool {
        let Some(image) = ids::parse(id) else { return false };
        generations_of_image(image).enumerate().any(|(index, id)| {
            self.get(id).is_some_and(|generation| {
                index < generation.create.num_images as usize && generation.status(now) == Status::Complete
            })
        })
    }
}
