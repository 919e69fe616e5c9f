//! The group `blueprints`: prepared ways to pictures, and their runs.

mod connection;
mod execute;
mod refusal;
mod run;

use axum::Router;
use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::{Response, Uri};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::app::App;
use crate::http::request::{last_segment, object, query};
use crate::http::response::ok;
use crate::state::blueprints::{BLUEPRINTS, Blueprint, Input, Setting, Version, blueprint};
use crate::state::executions::{Execution, Output};
use crate::state::ids;
use crate::state::life::Status;
use crate::sync::lock;
use connection::Window;
use refusal::{Asked, Refusal};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/blueprints", get(list))
        .route("/v1/blueprints/{id}", get(read))
        .route("/v1/blueprints/{id}/versions", get(versions))
        .route("/v1/blueprint-executions", post(execute::execute))
        .route("/v1/blueprint-executions/{id}", get(read_execution))
        .route("/v1/blueprint-executions/{id}/generations", get(generations))
}

type Reply = Result<Response<Body>, Refusal>;

const PLATFORMS: &[&str] = &["Android", "iOS", "Web", "API"];

/// How many blueprints a page has unless the request says otherwise.
const USUAL: usize = 10;
/// The same for the generations of a run; the page of the documentation's example ends with the twentieth.
const USUAL_GENERATIONS: usize = 20;

/// Lists with a filter that comes as the body of a GET.
async fn list(Extract(app): Extract<App>, uri: Uri, body: Bytes) -> Reply {
    let bad = |reason: String| Refusal::bad(Asked("blueprints", 97), &reason);
    if let Some((name, _)) = query(&uri).first() {
        // Whether the service reads a filter from there is unknown; it is not to be passed over in silence.
        return Err(bad(format!("Unexpected variable {name}")));
    }
    let fields = if body.is_empty() { Map::new() } else { object(&body).map_err(|error| bad(error.error))? };
    let known = ["first", "after", "last", "before", "platforms", "categories"];
    if let Some(name) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(bad(format!("Unexpected variable {name}")));
    }
    let window = Window::of(&fields, USUAL).map_err(bad)?;
    let platforms = texts(&fields, "platforms").map_err(bad)?.unwrap_or_else(|| vec!["API"]);
    if let Some(unknown) = platforms.iter().find(|platform| !PLATFORMS.contains(platform)) {
        return Err(bad(format!("{unknown} is no platform")));
    }
    let categories = texts(&fields, "categories").map_err(bad)?;
    let fits = |one: &&Blueprint| {
        one.platforms.iter().any(|platform| platforms.contains(platform))
            && categories.as_ref().is_none_or(|wanted| one.categories.iter().any(|category| wanted.contains(category)))
    };
    let edge = |one: &Blueprint| (cursor(one.created, one.id), show(&app, one));
    let all: Vec<_> = BLUEPRINTS.iter().filter(fits).map(edge).collect();
    let count = all.len();
    let mut page = window.page(all).map_err(bad)?;
    page["totalCount"] = count.into();
    Ok(ok(&json!({"blueprints": page})))
}

/// A list of texts. That an empty one counts as none is invented.
fn texts<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<Vec<&'a str>>, String> {
    let wrong = || format!("{name} must be a list of strings");
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let values = value.as_array().ok_or_else(wrong)?;
            let texts = values.iter().map(|value| value.as_str().ok_or_else(wrong)).collect::<Result<Vec<_>, _>>()?;
            Ok(Some(texts).filter(|texts| !texts.is_empty()))
        }
    }
}

/// Opaque to clients; the service's own are made of the same.
fn cursor(created: &str, id: &str) -> String {
    STANDARD.encode(format!("{{\"createdAt\":\"{created}\",\"akUUID\":\"{id}\"}}"))
}

fn show(app: &App, one: &Blueprint) -> Value {
    let thumbnail = ids::parse(one.id).map(|id| json!({"name": "thumbnailUrl", "url": app.state.urls.sample(id)}));
    json!({
        "akUUID": one.id,
        "createdAt": one.created,
        "updatedAt": one.updated,
        "name": one.name,
        "description": one.description,
        "thumbnails": Vec::from_iter(thumbnail),
        "teamId": null,
        "official": true,
    })
}

/// The blueprint that a part of a path names.
fn found(asked: Asked, id: &str) -> Result<&'static Blueprint, Refusal> {
    let id = ids::parse(id).ok_or_else(|| Refusal::bad(asked, "the id is no UUID"))?;
    blueprint(id).ok_or_else(|| Refusal::not_found(asked, "Blueprint"))
}

async fn read(Extract(app): Extract<App>, uri: Uri) -> Reply {
    let one = found(Asked("blueprint", 20), &last_segment(&uri))?;
    Ok(ok(&json!({"blueprint": show(&app, one)})))
}

/// All versions on one page, since this route takes no cursors.
async fn versions(uri: Uri) -> Reply {
    let asked = Asked("blueprintVersions", 20);
    let one = found(asked, middle(&uri))?;
    let all: Vec<_> = one.versions.iter().map(|each| (cursor(each.created, each.id), show_version(each))).collect();
    let count = all.len();
    let window = Window::of(&Map::new(), count).map_err(|reason| Refusal::bad(asked, &reason))?;
    let mut page = window.page(all).map_err(|reason| Refusal::bad(asked, &reason))?;
    page["totalCount"] = count.into();
    Ok(ok(&json!({"blueprintVersions": page})))
}

fn show_version(version: &Version) -> Value {
    let reasons: Vec<Value> = version.withheld.iter().map(|model| json!({"models": model})).collect();
    json!({
        "akUUID": version.id,
        "createdAt": version.created,
        "updatedAt": version.created,
        "cost": version.cost,
        "uiMetadata": {
            "inputs": version.inputs.iter().map(show_input).collect::<Vec<_>>(),
            "outputs": version.scenes.iter().map(|_| json!({"type": "image"})).collect::<Vec<_>>(),
        },
        "uiMetadataSchemaVersion": "21",
        "models": version.models,
        "executability": {"isExecutable": reasons.is_empty(), "reasons": reasons},
    })
}

fn show_input(input: &Input) -> Value {
    let mut shown = json!({
        "type": if input.setting == Setting::ImageUrl { "image" } else { "text" },
        "label": input.label,
        "nodeId": input.node,
        "required": input.required,
        "placeholder": input.placeholder,
        "settingName": input.setting.as_str(),
    });
    if let Some(variable) = input.variable {
        shown["variable"] = variable.into();
    }
    shown
}

/// The last part of a path but one.
fn middle(uri: &Uri) -> &str {
    uri.path().rsplit('/').nth(1).unwrap_or_default()
}

async fn read_execution(Extract(app): Extract<App>, uri: Uri) -> Reply {
    let asked = Asked("blueprintExecution", 20);
    let id = ids::parse(&last_segment(&uri)).ok_or_else(|| Refusal::bad(asked, "the id is no UUID"))?;
    let now = Instant::now();
    let found = lock(&app.state.executions).get(&id).filter(|one| one.life.is_visible(now)).cloned();
    let Execution { life, inputs, public, .. } =
        &*found.ok_or_else(|| Refusal::not_found(asked, "Blueprint execution"))?;
    let status = match life.status(now) {
        Status::Pending if now < life.starts => "QUEUED",
        status => word(status),
    };
    Ok(ok(&json!({
        "blueprintExecution": {
            "akUUID": id.to_string(),
            "status": status,
            "inputs": inputs,
            "public": public,
            "createdAt": app.state.shown(life.created) + "Z",
        },
    })))
}

/// The words of this group, which has one of its own for success.
fn word(status: Status) -> &'static str {
    match status {
        Status::Complete => "COMPLETED",
        other => other.as_str(),
    }
}

async fn generations(Extract(app): Extract<App>, uri: Uri) -> Reply {
    let bad = |reason: String| Refusal::bad(Asked("blueprintExecutionGenerations", 20), &reason);
    let mut fields = Map::new();
    for (name, value) in query(&uri) {
        let value = match name.as_str() {
            "first" | "last" => value.parse::<u64>().map_or(Value::String(value), Value::from),
            "after" | "before" => value.into(),
            _ => return Err(bad(format!("Unexpected variable {name}"))),
        };
        fields.insert(name, value);
    }
    let window = Window::of(&fields, USUAL_GENERATIONS).map_err(bad)?;
    let now = Instant::now();
    let found = ids::parse(middle(&uri)).and_then(|id| lock(&app.state.executions).get(&id).cloned());
    let page = match found.filter(|one| one.life.is_visible(now)) {
        Some(execution) => {
            let there = execution.outputs.iter().filter(|output| output.life.is_visible(now));
            let cursor = |place| STANDARD.encode(format!("arrayconnection:{place}"));
            window.page((0..).zip(there).map(|(place, one)| (cursor(place), show_output(one, now))).collect())
        }
        // Whatever cursor was given.
        None => Window::of(&Map::new(), USUAL_GENERATIONS).and_then(|window| window.page(Vec::new())),
    };
    Ok(ok(&json!({"blueprintExecutionGenerations": page.map_err(bad)?})))
}

fn show_output(output: &Output, now: Instant) -> Value {
    let status = output.life.status(now);
    let mut shown = json!({
        "akUUID": output.id.to_string(),
        "status": word(status),
        "generationId": output.generation.to_string(),
    });
    if let Some(blocked) = output.blocked.as_ref().filter(|_| status == Status::Failed) {
        shown["failedReason"] = json!({
            "type": "PROMPT_MODERATION_BLOCKED",
            "message": blocked.message,
            "affectedOutputCount": blocked.outputs,
        });
    }
    shown
}
