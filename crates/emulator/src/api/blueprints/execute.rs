//! The request to run a blueprint: its form, and whether its inputs are those of the version.

use std::collections::BTreeMap;

use axum::extract::State as Extract;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::Reply;
use super::refusal::{Asked, Refusal};
use crate::api::app::App;
use crate::api::moderation::MOST_CHARACTERS;
use crate::http::request::object;
use crate::http::response::ok;
use crate::state::blueprints::{Input, Setting, Version, version};
use crate::state::ids;
use crate::state::subject::Subject;

pub(super) const OPERATION: &str = "executeBlueprint";

pub(super) async fn execute(Extract(app): Extract<App>, body: Bytes) -> Reply {
    let bad = |reason: &str| Refusal::bad(Asked("executeBlueprint", 70), reason);
    let now = app.count(OPERATION)?;
    let fields = object(&body).map_err(|error| Refusal::Form(error.error))?;
    let request = Request::read(&fields).map_err(Refusal::Form)?;
    let id = ids::parse(request.version).ok_or_else(|| bad("blueprintVersionId is no UUID"))?;
    let version = version(id).ok_or_else(|| bad("there is no such version"))?;
    if !version.withheld.is_empty() {
        return Err(bad("the version cannot be run"));
    }
    let filled = Filled::of(version, &request.inputs, |url| picture(&app, url, now)).map_err(|reason| bad(&reason))?;
    // The inputs are shown as they were given.
    let inputs = request.inputs.iter().map(NodeInput::show).collect();
    let id = app.run(version, filled, inputs, request.public)?;
    Ok(ok(&json!({"executeBlueprint": {"akUUID": id.to_string()}})))
}

/// A picture on the CDN.
fn picture(app: &App, url: &str, now: Instant) -> Option<Subject> {
    app.at_url(url, now).map(|source| source.subject.opaque())
}

/// A request of the right form.
struct Request<'a> {
    version: &'a str,
    inputs: Vec<NodeInput<'a>>,
    public: bool,
}

struct NodeInput<'a> {
    node: &'a str,
    setting: Setting,
    value: Content<'a>,
}

enum Content<'a> {
    Text(&'a str),
    Variables(Vec<(&'a str, &'a str)>),
}

impl<'a> Request<'a> {
    fn read(fields: &'a Map<String, Value>) -> Result<Self, String> {
        only(fields, &["blueprintVersionId", "input"])?;
        let version = needed(fields, "blueprintVersionId", "string", Value::as_str)?;
        let input = needed(fields, "input", "object", Value::as_object)?;
        only(input, &["nodeInputs", "public", "collectionIds"])?;
        let inputs = needed(input, "nodeInputs", "array", Value::as_array)?;
        let public = needed(input, "public", "boolean", Value::as_bool)?;
        if let Some(ids) = input.get("collectionIds").filter(|ids| !ids.is_null()) {
            // There are no collections here; nothing is put into one.
            let fits = |id: &Value| id.is_null() || id.as_i64().is_some();
            if !ids.as_array().is_some_and(|ids| ids.iter().all(fits)) {
                return Err(wrong("collectionIds", "array of integers"));
            }
        }
        let inputs = inputs.iter().map(NodeInput::read).collect::<Result<_, _>>()?;
        Ok(Self { version, inputs, public })
    }
}

impl<'a> NodeInput<'a> {
    fn read(value: &'a Value) -> Result<Self, String> {
        let fields = value.as_object().ok_or_else(|| wrong("nodeInputs", "array of objects"))?;
        only(fields, &["nodeId", "settingName", "value"])?;
        let setting = |value: &Value| Setting::ALL.into_iter().find(|setting| value.as_str() == Some(setting.as_str()));
        Ok(Self {
            node: needed(fields, "nodeId", "string", Value::as_str)?,
            setting: needed(fields, "settingName", "text, imageUrl or textVariables", setting)?,
            value: match fields.get("value") {
                Some(Value::String(text)) => Content::Text(text),
                Some(Value::Array(variables)) => {
                    Content::Variables(variables.iter().map(variable).collect::<Result<_, _>>()?)
                }
                None | Some(Value::Null) => return Err(absent("value")),
                Some(_) => return Err(wrong("value", "string or array")),
            },
        })
    }

    fn show(&self) -> Value {
        let value = match &self.value {
            Content::Text(text) => json!(text),
            Content::Variables(variables) => {
                variables.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
            }
        };
        json!({"nodeId": self.node, "settingName": self.setting.as_str(), "value": value})
    }
}

fn variable(value: &Value) -> Result<(&str, &str), String> {
    let fields = value.as_object().ok_or_else(|| wrong("value", "array of objects"))?;
    only(fields, &["name", "value"])?;
    Ok((needed(fields, "name", "string", Value::as_str)?, needed(fields, "value", "string", Value::as_str)?))
}

fn only(fields: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("Unexpected variable {name}")),
        None => Ok(()),
    }
}

fn needed<'a, T>(
    fields: &'a Map<String, Value>,
    name: &str,
    kind: &str,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<T, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Err(absent(name)),
        Some(value) => read(value).ok_or_else(|| wrong(name, kind)),
    }
}

fn absent(name: &str) -> String {
    format!("Missing required field '{name}'")
}

fn wrong(name: &str, kind: &str) -> String {
    format!("Invalid input type: expected '{kind}' for field '{name}'")
}

/// The inputs of a version, filled in.
#[derive(Default)]
pub(super) struct Filled {
    /// By the names of the inputs.
    texts: BTreeMap<&'static str, String>,
    pub(super) picture: Option<Subject>,
}

impl Filled {
    /// From what was given; or what is wrong with it.
    fn of(
        version: &Version,
        given: &[NodeInput<'_>],
        picture: impl Fn(&str) -> Option<Subject>,
    ) -> Result<Self, String> {
        let mut filled = Self::default();
        for NodeInput { node, setting, value } in given {
            let is_meant = |input: &Input| ids::parse(input.node) == ids::parse(node) && input.setting == *setting;
            let unknown = || format!("no node {node} takes {}", setting.as_str());
            let input = version.inputs.iter().find(|input| is_meant(input)).ok_or_else(unknown)?;
            match (setting, value) {
                (Setting::Text, Content::Text(text)) => filled.put(input, text)?,
                (Setting::ImageUrl, Content::Text(url)) => {
                    let found = picture(url).ok_or_else(|| format!("{url} is no picture of this service"))?;
                    if filled.picture.replace(found).is_some() {
                        return Err("imageUrl is given twice".to_owned());
                    }
                }
                (Setting::TextVariables, Content::Variables(variables)) => {
                    for (name, text) in variables {
                        let is_named = |input: &&Input| is_meant(input) && input.variable == Some(*name);
                        let input = version.inputs.iter().find(is_named);
                        filled.put(input.ok_or_else(|| format!("there is no variable {name}"))?, text)?;
                    }
                }
                _ => return Err(format!("the value is not what {} takes", setting.as_str())),
            }
        }
        match version.inputs.iter().find(|input| input.required && !filled.has(input)) {
            Some(input) => Err(format!("{} of node {} is required", input.name(), input.node)),
            None => Ok(filled),
        }
    }

    fn put(&mut self, input: &Input, text: &str) -> Result<(), String> {
        if text.chars().count() > MOST_CHARACTERS {
            return Err(format!("{} must not have more than {MOST_CHARACTERS} characters", input.name()));
        }
        match self.texts.insert(input.name(), text.to_owned()) {
            Some(_) => Err(format!("{} is given twice", input.name())),
            None => Ok(()),
        }
    }

    fn has(&self, input: &Input) -> bool {
        match input.setting {
            Setting::ImageUrl => self.picture.is_some(),
            Setting::Text | Setting::TextVariables => {
                self.texts.get(input.name()).is_some_and(|text| !text.trim().is_empty())
            }
        }
    }

    /// All texts, one after the other.
    pub(super) fn words(&self) -> String {
        self.texts.values().map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// What a scene says with the texts in their places.
    pub(super) fn scene(&self, version: &Version, scene: &str) -> String {
        let mut parts = scene.split("{{");
        let mut prompt = parts.next().unwrap_or_default().to_owned();
        for (name, rest) in parts.filter_map(|part| part.split_once("}}")) {
            let input = version.inputs.iter().find(|input| input.name() == name);
            let given = self.texts.get(name).map(String::as_str).filter(|text| !text.trim().is_empty());
            prompt += given.or(input.map(|input| input.placeholder)).unwrap_or_default();
            prompt += rest;
        }
        prompt
    }
}
