//! Lists, shows, waits for and deletes records of any kind.

use std::time::Duration;

use leonardo_ai::funcs::{
    blueprints_get_blueprint_by_id, blueprints_get_blueprint_execution, blueprints_wait_for_execution,
    dataset_delete_dataset_by_id, dataset_get_dataset_by_id, elements_delete_element_by_id, elements_get_element_by_id,
    elements_wait_for_element, image_delete_generation_by_id, image_get_generation_by_id, image_list_generations,
    image_wait_for_generation, init_images_delete_init_image_by_id, init_images_get_init_image_by_id,
    media_delete_uploaded_media_by_id, media_get_uploaded_media_by_id, media_wait_for_media, models_delete_model_by_id,
    models_get_model_by_id, models_wait_for_model, texture_delete_texture_generation_by_id,
    texture_get_texture_generation_by_id, texture_wait_for_texture_generation,
    three_d_model_assets_delete_3d_model_by_id, three_d_model_assets_get_3d_model_by_id,
    variation_get_motion_variation_by_id, variation_get_variation_by_id, variation_wait_for_motion_variation,
    variation_wait_for_variation,
};
use leonardo_ai::models::Generation;
use leonardo_ai::{Job, Wait};
use serde::Serialize;
use serde_json::{Value, json};

use crate::args;
use crate::args::Kind;
use crate::call::printable;
use crate::failure::Failure;
use crate::session::Session;

pub async fn list(list: args::List, session: &Session) -> Result<(), Failure> {
    let account = session.account().await?;
    let mut generations = image_list_generations(&session.core, account.user).offset(list.offset);
    for _ in 0..list.limit {
        let Some(generation) = generations.next().await else { break };
        let generation = generation?;
        session.screen.result(line(&generation), &generation);
    }
    Ok(())
}

/// A generation in 80 columns.
fn line(generation: &Generation) -> String {
    let created = generation.created_at.as_ref().map(ToString::to_string).unwrap_or_default();
    let created = created.get(..10).unwrap_or_default();
    let prompt = cut(&generation.prompt, 20);
    format!("{}  {:<8}  {created:<10}  {prompt}", generation.id, generation.status.as_str())
}

/// The beginning of a text, in one line.
pub fn cut(text: &str, most: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= most {
        return text;
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn number(id: &str) -> Result<i64, Failure> {
    id.parse().map_err(|_| Failure::usage(format!("{id:?} is no id of an element, which is a number")))
}

pub async fn show(args::Show { id, kind }: args::Show, session: &Session) -> Result<(), Failure> {
    let core = &session.core;
    let record = match kind {
        Kind::Generation => printable(image_get_generation_by_id(core, id).await?),
        Kind::Variation => printable(variation_get_variation_by_id(core, id).await?),
        Kind::MotionVariation => printable(variation_get_motion_variation_by_id(core, id).await?),
        Kind::Element => printable(elements_get_element_by_id(core, number(&id)?).await?),
        Kind::Model => printable(models_get_model_by_id(core, id).await?),
        Kind::Dataset => printable(dataset_get_dataset_by_id(core, id).await?),
        Kind::InitImage => printable(init_images_get_init_image_by_id(core, id).await?),
        Kind::Media => printable(media_get_uploaded_media_by_id(core, id).await?),
        Kind::Texture => printable(texture_get_texture_generation_by_id(core, id).await?),
        Kind::Model3d => printable(three_d_model_assets_get_3d_model_by_id(core, id).await?),
        Kind::Blueprint => printable(blueprints_get_blueprint_by_id(core, id).await?),
        Kind::Execution => printable(blueprints_get_blueprint_execution(core, id).await?),
    };
    session.screen.record(&record?);
    Ok(())
}

pub async fn wait(args::Wait { id, kind, deadline }: args::Wait, session: &Session) -> Result<(), Failure> {
    let (core, until) = (&session.core, Until { session, deadline, id: id.clone() });
    let record = match kind {
        Kind::Generation => until.complete(image_wait_for_generation(core, id)).await,
        Kind::Variation => until.complete(variation_wait_for_variation(core, id)).await,
        Kind::MotionVariation => until.complete(variation_wait_for_motion_variation(core, id)).await,
        Kind::Element => until.complete(elements_wait_for_element(core, number(&id)?)).await,
        Kind::Model => until.complete(models_wait_for_model(core, id)).await,
        Kind::Media => until.complete(media_wait_for_media(core, id)).await,
        Kind::Texture => until.complete(texture_wait_for_texture_generation(core, id)).await,
        Kind::Execution => until.complete(blueprints_wait_for_execution(core, id)).await,
        Kind::Dataset | Kind::InitImage | Kind::Model3d | Kind::Blueprint => {
            Err(Failure::usage("this kind is complete at once: see `leonardo show`"))
        }
    };
    session.screen.record(&record?);
    Ok(())
}

struct Until<'a> {
    session: &'a Session,
    deadline: Option<Duration>,
    id: String,
}

impl Until<'_> {
    async fn complete<J: Job + Serialize>(&self, wait: Wait<J>) -> Result<Value, Failure> {
        let screen = self.session.screen.clone();
        let _doing = screen.doing(format!("waiting for {}", self.id));
        let wait = wait.on_retry(move |retry| screen.say(retry.to_string()));
        let record = match self.deadline {
            Some(deadline) => wait.deadline(deadline).await,
            None => wait.await,
        };
        printable(record?)
    }
}

pub async fn delete(args::Delete { ids, kind }: args::Delete, session: &Session) -> Result<(), Failure> {
    for id in ids {
        let (core, one) = (&session.core, id.clone());
        match kind {
            Kind::Generation => _ = image_delete_generation_by_id(core, one).await?,
            Kind::Element => _ = elements_delete_element_by_id(core, number(&one)?).await?,
            Kind::Model => _ = models_delete_model_by_id(core, one).await?,
            Kind::Dataset => _ = dataset_delete_dataset_by_id(core, one).await?,
            Kind::InitImage => _ = init_images_delete_init_image_by_id(core, one).await?,
            Kind::Media => _ = media_delete_uploaded_media_by_id(core, one).await?,
            Kind::Texture => _ = texture_delete_texture_generation_by_id(core, one).await?,
            Kind::Model3d => _ = three_d_model_assets_delete_3d_model_by_id(core, one).await?,
            Kind::Variation | Kind::MotionVariation | Kind::Blueprint | Kind::Execution => {
                return Err(Failure::usage("the service deletes nothing of this kind"));
            }
        }
        session.screen.result(format!("Deleted {id}"), &json!({ "deleted": id }));
    }
    Ok(())
}
