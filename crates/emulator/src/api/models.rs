//! The group `models`: those that the platform offers, and those that the account trains.

use axum::Router;
use axum::extract::State as Extract;
use axum::http::Uri;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::app::{App, Outcome};
use super::fields::{Kind, checked, last_id, missing, text};
use super::training::{show, words};
use crate::http::response::{ApiError, ok};
use crate::state::account::Made;
use crate::state::ids;
use crate::state::limits::Lane;
use crate::state::platform::{MODELS, sample_id};
use crate::state::prices::Work;
use crate::state::training::Training;
use crate::sync::lock;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/models", post(create))
        .route("/v1/models/{id}", get(read).delete(delete))
        .route("/v1/models/user/{id}", get(of_user))
        .route("/v1/platformModels", get(platform))
}

const TYPES: &[&str] = &[
    "GENERAL",
    "BUILDINGS",
    "CHARACTERS",
    "ENVIRONMENTS",
    "FASHION",
    "ILLUSTRATIONS",
    "GAME_ITEMS",
    "GRAPHICAL_ELEMENTS",
    "PHOTOGRAPHY",
    "PIXEL_ART",
    "PRODUCT_DESIGN",
    "TEXTURES",
    "UI_ELEMENTS",
    "VECTOR",
];

const FIELDS: &[(&str, Kind)] = &[
    ("name", Kind::Text),
    ("description", Kind::Text),
    ("datasetId", Kind::Text),
    ("instance_prompt", Kind::Text),
    ("modelType", Kind::Enum("custom_model_type", TYPES)),
    ("nsfw", Kind::Bool),
    ("resolution", Kind::Int),
    ("sd_version", Kind::Enum("sd_versions", &["v1_5", "v2"])),
    ("strength", Kind::Enum("strength", &["VERY_LOW", "LOW", "MEDIUM", "HIGH"])),
];

async fn create(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createModel";
    app.count(OPERATION)?;
    let fields = checked(&body, FIELDS)?;
    let name = text(&fields, "name").ok_or_else(|| missing("name"))?;
    let dataset = text(&fields, "datasetId").ok_or_else(|| missing("datasetId"))?;
    text(&fields, "instance_prompt").ok_or_else(|| missing("instance_prompt"))?;
    let side = match fields.get("resolution").and_then(Value::as_u64) {
        None | Some(512) => 512,
        Some(768) => 768,
        Some(_) => return Err(ApiError::bad("resolution must be 512 or 768")),
    };
    let pictures = app.pictures_of(dataset)?;
    if pictures == 0 {
        return Err(ApiError::bad("the data set has no images"));
    }
    let work = Work::Training { side, pictures };
    let id = ids::random();
    {
        let account = &mut *lock(&app.state.account);
        let life = app.begin(account, Lane::Trainings, &words(&fields))?;
        app.charge(account, OPERATION, Made::Uuid(id), name, work);
        lock(&app.state.models).add(Training { id, life, record: record(&fields, id, side) });
    }
    Ok(ok(&app.receipt("sdTrainingJob", json!({"customModelId": id.to_string()}), app.price(work))))
}

fn record(fields: &Map<String, Value>, id: Uuid, side: u32) -> Map<String, Value> {
    let record = [
        ("id", id.to_string().into()),
        ("name", text(fields, "name").into()),
        ("description", text(fields, "description").unwrap_or_default().into()),
        ("instancePrompt", text(fields, "instance_prompt").into()),
        ("modelHeight", side.into()),
        ("modelWidth", side.into()),
        ("public", false.into()),
        ("sdVersion", text(fields, "sd_version").unwrap_or("v1_5").into()),
        ("type", text(fields, "modelType").unwrap_or("GENERAL").into()),
    ];
    record.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

async fn read(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = last_id(&uri)?;
    let shown = lock(&state.models).get(&id).and_then(|model| show(&state, model));
    Ok(ok(&json!({"custom_models_by_pk": shown})))
}

async fn delete(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = last_id(&uri)?;
    let deleted = lock(&state.models).remove(&id).map(|model| json!({"id": model.id.to_string()}));
    Ok(ok(&json!({"delete_custom_models_by_pk": deleted})))
}

async fn of_user(Extract(app): Extract<App>, uri: Uri) -> Outcome {
    let own = app.is_own(last_id(&uri)?);
    let models = lock(&app.state.models);
    let shown: Vec<_> = models.newest_first().filter(|_| own).filter_map(|one| show(&app.state, one)).collect();
    Ok(ok(&json!({"custom_models": shown})))
}

async fn platform(Extract(App { state, .. }): Extract<App>) -> Outcome {
    let show = |(number, (id, name)): (usize, &(&str, &str))| {
        let sample = sample_id(id);
        // Some of the real ones have no picture either.
        let image = (number % 3 != 2).then(|| json!({"id": sample.to_string(), "url": state.urls.sample(sample)}));
        json!({
            "id": id,
            "name": name,
            "description": "A model of the platform",
            "nsfw": false,
            "featured": number == 0,
            "generated_image": image,
        })
    };
    Ok(ok(&json!({"custom_models": MODELS.iter().enumerate().map(show).collect::<Vec<_>>()})))
}
