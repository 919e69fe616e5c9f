//! A run of a blueprint: its outputs, and how they come about.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::execute::{Filled, OPERATION};
use crate::api::app::App;
use crate::api::fields::chosen_seed;
use crate::api::moderation::moderated;
use crate::cdn::light_of;
use crate::http::response::ApiError;
use crate::state::account::{Bill, Made};
use crate::state::blueprints::Version;
use crate::state::executions::{Blocked, Execution, Output};
use crate::state::generation::{Create, Generation};
use crate::state::ids;
use crate::state::limits::Lane;
use crate::state::prices::Work;
use crate::state::subject::{Change, Subject};
use crate::sync::lock;

impl App {
    /// Begins a run and charges for it; its id. Its outputs come one after the other.
    pub(super) fn run(&self, version: &Version, filled: Filled, inputs: Value, public: bool) -> Result<Uuid, ApiError> {
        let words = filled.words();
        let plan = planned(version, &words);
        let account = &mut *lock(&self.state.account);
        let life = self.begin(account, Lane::Blueprints, &words)?;
        let id = ids::random();
        let number = plan.len() as u32;
        account.charge(Bill {
            operation: OPERATION,
            made: Made::Uuid(id),
            prompt: words.as_str().into(),
            seed: 0,
            num_images: version.scenes.len() as u32,
            price: self.price(Work::Blueprint { credits: version.cost }),
            at: life.created,
        });
        let mut outputs = Vec::with_capacity(plan.len());
        for (place, (scene, blocked)) in (0..).zip(plan) {
            let mut part = life.part(place, number);
            // Otherwise it ends as the run does.
            part.fails |= blocked.is_some();
            let create = create(version, &filled, scene, public);
            let generation = Generation { id: ids::random(), life: part.clone(), price: 0, create };
            outputs.push(Output { id: ids::random(), generation: generation.id, life: part, blocked });
            account.keep(generation);
        }
        lock(&self.state.executions).insert(id, Arc::new(Execution { life, inputs, public, outputs }));
        Ok(id)
    }
}

/// The scenes that are begun, each with what moderation says of it. Which word blocks what is invented: `forbiddenword`
/// all outputs, with one generation that stands for them, and another word the last output.
fn planned(version: &Version, words: &str) -> Vec<(&'static str, Option<Blocked>)> {
    let mut plan: Vec<_> = version.scenes.iter().map(|scene| (*scene, None)).collect();
    let Some(found) = moderated(words) else {
        return plan;
    };
    let mut outputs = 1;
    if found.word == "forbiddenword" {
        outputs = plan.len() as u32;
        plan.truncate(1);
    }
    let mut message = "Content policy violation".to_owned();
    if found.named {
        message += &format!(": {}", found.word);
    }
    if let Some((_, blocked)) = plan.last_mut() {
        *blocked = Some(Blocked { message, outputs });
    }
    plan
}

/// One picture of a run as any other generation.
fn create(version: &Version, filled: &Filled, scene: &str, public: bool) -> Create {
    let prompt = filled.scene(version, scene);
    let made_of = filled.picture.clone().map(|picture| relit(picture, version.size, &prompt));
    let (width, height) = made_of.as_ref().map_or(version.size, Subject::size);
    Create {
        prompt: prompt.into(),
        width,
        height,
        num_images: 1,
        seed: chosen_seed(),
        steps: 15,
        guidance_scale: 7.0,
        public,
        made_of,
        ..Create::default()
    }
}

/// A picture in the light that a text describes, made smaller where it is larger than a size.
fn relit(picture: Subject, (most_width, most_height): (u32, u32), light: &str) -> Subject {
    let (width, height) = picture.size();
    let picture = picture.changed(Change::Relit(light_of(light)));
    if width <= most_width && height <= most_height {
        return picture;
    }
    let (width, height) = (u64::from(width.max(1)), u64::from(height.max(1)));
    let (most_width, most_height) = (u64::from(most_width), u64::from(most_height));
    // The side that is further beyond its bound settles both.
    let fitted = if width * most_height > height * most_width {
        (most_width, height * most_width / width)
    } else {
        (width * most_height / height, most_height)
    };
    let [width, height] = [fitted.0, fitted.1].map(|side| u32::try_from(side).unwrap_or(1).max(1));
    picture.changed(Change::Scaled(width, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_picture_is_fitted() {
        let size = |width, height| relit(Subject::plain("x".into(), 0, width, height), (1024, 1024), "night").size();
        assert_eq!(size(640, 480), (640, 480));
        assert_eq!(size(2048, 1024), (1024, 512));
        assert_eq!(size(1000, 2000), (512, 1024));
        assert_eq!(size(1024, 1024), (1024, 1024));
        assert_eq!(size(4096, 1), (1024, 1));
    }
}
