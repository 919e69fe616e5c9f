//! The group `elements`: those that the platform offers, and those that the account trains.

use axum::Router;
use axum::extract::State as Extract;
use axum::http::Uri;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::app::{App, Outcome};
use super::fields::{Kind, checked, float, in_range, last_id, missing, text};
use super::training::{show, words};
use crate::http::request::last_segment;
use crate::http::response::{ApiError, ok};
use crate::state::account::Made;
use crate::state::ids;
use crate::state::limits::Lane;
use crate::state::platform::ELEMENTS;
use crate::state::prices::Work;
use crate::state::training::Training;
use crate::sync::lock;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/elements", post(create).get(list))
        .route("/v1/elements/{id}", get(read).delete(delete))
        .route("/v1/elements/user/{id}", get(of_user))
}

const BASES: &[&str] = &[
    "SDXL_0_9",
    "SDXL_1_0",
    "LEONARDO_DIFFUSION_XL",
    "LEONARDO_LIGHTNING_XL",
    "VISION_XL",
    "KINO_XL",
    "ALBEDO_XL",
    "FLUX_DEV",
];

const FIELDS: &[(&str, Kind)] = &[
    ("name", Kind::Text),
    ("description", Kind::Text),
    ("datasetId", Kind::Text),
    ("instance_prompt", Kind::Text),
    ("lora_focus", Kind::Text),
    ("train_text_encoder", Kind::Bool),
    ("resolution", Kind::Int),
    ("sd_version", Kind::Enum("custom_element_sd_versions", BASES)),
    ("num_train_epochs", Kind::Int),
    ("learning_rate", Kind::Float),
];

/// The fewest pictures that an element is trained on, and the most on Flux Dev and on the other bases.
const PICTURES: (u32, u32, u32) = (10, 50, 40);
/// The id of the first element; an account's ids are not its own count.
const FIRST_ID: i64 = 123_456;

async fn create(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createElement";
    app.count(OPERATION)?;
    let fields = checked(&body, FIELDS)?;
    for name in
        ["name", "datasetId", "lora_focus", "train_text_encoder", "sd_version", "num_train_epochs", "learning_rate"]
    {
        fields.get(name).filter(|value| !value.is_null()).ok_or_else(|| missing(name))?;
    }
    check(&fields)?;
    let flux = text(&fields, "sd_version") == Some("FLUX_DEV");
    let pictures = app.pictures_of(text(&fields, "datasetId").unwrap_or_default())?;
    let most = if flux { PICTURES.1 } else { PICTURES.2 };
    if !(PICTURES.0..=most).contains(&pictures) {
        return Err(ApiError::bad(format!("the data set must have between {} and {most} images", PICTURES.0)));
    }
    let work = Work::Training { side: 1024, pictures };
    let id = {
        let account = &mut *lock(&app.state.account);
        let life = app.begin(account, Lane::Trainings, &words(&fields))?;
        let mut elements = lock(&app.state.elements);
        let id = elements.next(FIRST_ID);
        app.charge(account, OPERATION, Made::Number(id), text(&fields, "name").unwrap_or_default(), work);
        elements.add(Training { id, life, record: record(&fields, id) });
        id
    };
    Ok(ok(&app.receipt("sdTrainingJob", json!({"userLoraId": id}), app.price(work))))
}

/// What is not a matter of types: bounds that depend on base and focus.
fn check(fields: &Map<String, Value>) -> Result<(), ApiError> {
    let focus = text(fields, "lora_focus").unwrap_or_default();
    if !["General", "Character", "Style", "Object"].contains(&focus) {
        return Err(ApiError::bad("lora_focus must be one of General, Character, Style, Object"));
    }
    let flux = text(fields, "sd_version") == Some("FLUX_DEV");
    let (epochs, rates) = match (flux, focus) {
        (false, _) => ((1.0, 250.0), (1e-8, 1e-5)),
        (true, "General") => return Err(ApiError::bad("lora_focus General is not available for FLUX_DEV")),
        (true, "Style") => ((30.0, 120.0), (1e-6, 3e-5)),
        (true, "Object") => ((120.0, 220.0), (1e-5, 1e-3)),
        (true, _) => ((100.0, 200.0), (1e-5, 1e-3)),
    };
    in_range("num_train_epochs", float(fields, "num_train_epochs"), epochs.0, epochs.1)?;
    in_range("learning_rate", float(fields, "learning_rate"), rates.0, rates.1)?;
    in_range("resolution", float(fields, "resolution"), 1024.0, 1024.0)?;
    let trigger = text(fields, "instance_prompt").unwrap_or_default();
    if trigger.is_empty() && (!flux || focus == "Character") {
        return Err(missing("instance_prompt"));
    }
    Ok(())
}

fn record(fields: &Map<String, Value>, id: i64) -> Map<String, Value> {
    let field = |name: &str, default: Value| match fields.get(name) {
        None | Some(Value::Null) => default,
        Some(value) => value.clone(),
    };
    let record = [
        ("id", id.into()),
        ("name", field("name", Value::Null)),
        ("description", field("description", "".into())),
        ("instancePrompt", field("instance_prompt", Value::Null)),
        ("resolution", field("resolution", 1024.into())),
        ("learningRate", field("learning_rate", Value::Null)),
        ("trainingEpoch", field("num_train_epochs", Value::Null)),
        ("trainTextEncoder", field("train_text_encoder", Value::Null)),
        ("baseModel", field("sd_version", Value::Null)),
        ("focus", field("lora_focus", Value::Null)),
    ];
    record.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The id that a path ends in, which here is a number.
fn number(uri: &Uri) -> Result<i64, ApiError> {
    let text = last_segment(uri);
    text.parse().map_err(|_| ApiError::bad(format!("invalid input syntax for type integer: \"{text}\"")))
}

async fn read(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = number(&uri)?;
    let shown = lock(&state.elements).get(&id).and_then(|element| show(&state, element));
    Ok(ok(&json!({"user_loras_by_pk": shown})))
}

async fn delete(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = number(&uri)?;
    let deleted = lock(&state.elements).remove(&id).map(|element| json!({"id": element.id}));
    Ok(ok(&json!({"delete_user_loras_by_pk": deleted})))
}

async fn of_user(Extract(app): Extract<App>, uri: Uri) -> Outcome {
    let own = app.is_own(last_id(&uri)?);
    let elements = lock(&app.state.elements);
    let shown: Vec<_> = elements.newest_first().filter(|_| own).filter_map(|one| show(&app.state, one)).collect();
    Ok(ok(&json!({"user_loras": shown})))
}

async fn list(Extract(App { state, .. }): Extract<App>) -> Outcome {
    let show = |(id, name, base): &(&str, &str, &str)| {
        json!({
            "akUUID": id,
            "baseModel": base,
            "creatorName": "Leonardo",
            "description": "",
            "name": name,
            "urlImage": ids::parse(id).map(|id| state.urls.sample(id)),
            "weightDefault": 1,
            "weightMax": 2,
            "weightMin": -1,
        })
    };
    Ok(ok(&json!({"loras": ELEMENTS.iter().map(show).collect::<Vec<_>>()})))
}
