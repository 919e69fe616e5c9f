//! The account: its generations, their variations, and its charges.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::time::Instant;
use uuid::Uuid;

use super::generation::{Generation, generations_of_image};
use super::life::Status;
use super::money::{self, Ticks};
use super::variation::Variation;

/// A billable request that was accepted and charged, whether or not its response arrived.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Charge {
    /// The operation that was asked for, as the service calls it, such as `createGeneration`.
    pub operation: &'static str,
    /// The id of what it made: a generation, a variation, a texture, an element, a model or a run of a blueprint. Empty for
    /// prompts and for pictures of the realtime canvas that are not kept.
    pub generation_id: String,
    /// The prompt, the name of what is trained, or the texts put into a blueprint.
    pub prompt: String,
    /// The seed, chosen by the caller or by the emulator; 0 where there is none.
    pub seed: i64,
    /// The number of images asked for; 0 for what makes none.
    pub num_images: u32,
    /// The sum, in credits, or in dollars with [`Plan::PayAsYouGo`](crate::Plan::PayAsYouGo).
    pub amount: f64,
    /// The moment of the charge.
    pub at: SystemTime,
}

/// How many generations are kept: more than the service's limits allow in half a day.
const MOST_GENERATIONS: usize = 100_000;

#[derive(Default)]
pub(crate) struct Account {
    by_number: BTreeMap<u64, Arc<Generation>>,
    numbers: HashMap<Uuid, u64>,
    next: u64,
    variations: HashMap<Uuid, Arc<Variation>>,
    /// The variations of each generated image, oldest first.
    of_image: HashMap<Uuid, Vec<Uuid>>,
    jobs: u64,
    spent: Ticks,
    charges: Vec<Bill>,
}

/// The id of what a charge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    Nothing,
    Uuid(Uuid),
    Number(i64),
}

/// A charge as it is kept: the prompt is the generation's own, so that charges cost little.
pub(crate) struct Bill {
    pub(crate) operation: &'static str,
    pub(crate) made: Made,
    pub(crate) prompt: Arc<str>,
    pub(crate) seed: i64,
    pub(crate) num_images: u32,
    pub(crate) price: Ticks,
    pub(crate) at: SystemTime,
}

impl Account {
    pub(crate) fn charge(&mut self, bill: Bill) {
        self.spent += bill.price;
        self.charges.push(bill);
    }

    /// Keeps a generation and charges for it.
    pub(crate) fn add(&mut self, operation: &'static str, generation: Generation) -> Arc<Generation> {
        self.charge(Bill {
            operation,
            made: Made::Uuid(generation.id),
            prompt: Arc::clone(&generation.create.prompt),
            seed: generation.seed().unwrap_or(0),
            num_images: generation.create.num_images,
            price: generation.price,
            at: generation.life.created,
        });
        self.keep(generation)
    }

    /// Keeps a generation that is paid for with something else.
    pub(crate) fn keep(&mut self, generation: Generation) -> Arc<Generation> {
        let generation = Arc::new(generation);
        if self.by_number.len() >= MOST_GENERATIONS {
            let oldest = self.by_number.first_key_value().map(|(_, oldest)| oldest.id);
            oldest.and_then(|oldest| self.remove(oldest));
        }
        self.numbers.insert(generation.id, self.next);
        self.by_number.insert(self.next, Arc::clone(&generation));
        self.next += 1;
        generation
    }

    /// Keeps a variation; what it costs is charged apart from this.
    pub(crate) fn add_variation(&mut self, variation: Variation) {
        if let Some(image) = variation.image {
            self.of_image.entry(image).or_default().push(variation.id);
        }
        self.variations.insert(variation.id, Arc::new(variation));
    }

    pub(crate) fn variation(&self, id: Uuid) -> Option<&Arc<Variation>> {
        self.variations.get(&id)
    }

    /// The variations of a generated image, oldest first.
    pub(crate) fn variations_of(&self, image: Uuid) -> impl Iterator<Item = &Arc<Variation>> {
        self.of_image.get(&image).into_iter().flatten().filter_map(|id| self.variations.get(id))
    }

    /// Counts a job; tells how many there ever were, with this one.
    pub(crate) fn count_job(&mut self) -> u64 {
        self.jobs += 1;
        self.jobs
    }

    pub(crate) fn get(&self, id: Uuid) -> Option<&Arc<Generation>> {
        self.by_number.get(self.numbers.get(&id)?)
    }

    /// Removes a generation and the variations of its images.
    pub(crate) fn remove(&mut self, id: Uuid) -> Option<Arc<Generation>> {
        let number = self.numbers.remove(&id)?;
        let removed = self.by_number.remove(&number)?;
        for index in 0..removed.create.num_images {
            for variation in self.of_image.remove(&removed.image_id(index)).unwrap_or_default() {
                self.variations.remove(&variation);
            }
        }
        Some(removed)
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
                operation: row.operation,
                generation_id: match row.made {
                    Made::Nothing => String::new(),
                    Made::Uuid(id) => id.to_string(),
                    Made::Number(id) => id.to_string(),
                },
                prompt: row.prompt.as_ref().to_owned(),
                seed: row.seed,
                num_images: row.num_images,
                amount: money::units(row.price),
                at: row.at,
            })
            .collect()
    }

    /// The generation that has made an image of this id, if it is complete, and the image's place in it.
    pub(crate) fn image(&self, image: Uuid, now: Instant) -> Option<(&Arc<Generation>, u32)> {
        (0..).zip(generations_of_image(image)).find_map(|(index, id)| {
            let generation = self.get(id)?;
            let made = index < generation.create.num_images && generation.status(now) == Status::Complete;
            made.then_some((generation, index))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::generation::Create;
    use crate::state::ids;
    use crate::state::life::Life;

    #[test]
    fn the_oldest_generations_are_forgotten_and_their_charges_are_not() {
        let mut account = Account::default();
        let (now, at) = (Instant::now(), SystemTime::now());
        let mut first = None;
        for _ in 0..MOST_GENERATIONS + 2 {
            let life = Life { created: at, starts: now, ready: now, ends: at, visible: now, fails: false };
            let (id, create) = (ids::random(), Create::default());
            account.add("createGeneration", Generation { id, life, price: 1, create });
            first.get_or_insert(id);
        }
        assert_eq!((account.newest_first().count(), account.charges.len()), (MOST_GENERATIONS, MOST_GENERATIONS + 2));
        assert!(account.get(first.unwrap()).is_none());
    }
}
