//! The group `v2`: one create request for all kinds of models.

mod guidance;
mod refusal;
mod remove_background;
mod schema;
mod size;

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Extract;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::app::App;
use super::fields::{MAX_CHOSEN_SEED, flag, int, text};
use super::moderation::check_words;
use crate::http::request::object;
use crate::http::response::{ApiError, ok};
use crate::state::generation::{Create, Generation, Motion, Version2};
use crate::state::ids;
use crate::state::limits::Lane;
use crate::state::picture::Film;
use crate::state::prices::Work;
use crate::state::subject::{Change, Subject};
use crate::state::v2_models::{self, Kind, Model};
use crate::sync::lock;
use guidance::{Picture, check_rules};
use refusal::{Outcome, Refusal};
use schema::{Errors, check};
use size::{MOST_PIXELS, size};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v2/generations", post(create))
        .route("/v2/generationssync", post(remove_background::create_sync))
        .route("/v2/models", get(models))
}

async fn models() -> Outcome {
    let model = |model: &Model| json!({"id": model.id.to_string(), "name": model.name, "parameters": model.schema});
    let all: Vec<Value> = v2_models::all().iter().map(model).collect();
    Ok(ok(&json!({"productionApiAvailableModels": all})))
}

/// A create request of the right form.
struct Request {
    model: &'static Model,
    parameters: Map<String, Value>,
    public: bool,
    /// Fields of the synchronous request alone.
    ephemeral: bool,
    base64: bool,
}

impl Request {
    fn parse(body: &[u8], synchronous: bool) -> Result<Self, Refusal> {
        let mut fields = object(body)?;
        let mut errors = Errors::default();
        let known: &[&str] = if synchronous { &["public", "ephemeral", "base64"] } else { &["public"] };
        for (name, value) in &fields {
            if known.contains(&name.as_str()) {
                if !value.is_null() && !value.is_boolean() {
                    errors.add(format!("{name} must be a boolean"));
                }
            } else if name != "model" && name != "parameters" {
                errors.add(format!("property {name} should not exist"));
            }
        }
        if !synchronous && fields.get("public").is_none_or(Value::is_null) {
            errors.add("public must be a boolean");
        }
        let slug = text(&fields, "model");
        let model = slug.and_then(v2_models::by_slug);
        let model = model.filter(|model| !synchronous || model.kind == Kind::RemoveBackground);
        match (slug, model) {
            (None, _) => errors.add("model must be a string"),
            (Some(_), None) => errors.add("model must be one of the models that this operation offers"),
            _ => {}
        }
        let (public, ephemeral, base64) =
            (flag(&fields, "public"), flag(&fields, "ephemeral"), flag(&fields, "base64"));
        match (fields.remove("parameters").unwrap_or_default(), model) {
            (parameters, Some(model)) => {
                check(&model.schema, &parameters, "parameters", &mut errors);
                if let (Value::Object(parameters), true) = (parameters, errors.0.is_empty()) {
                    check_rules(model, &parameters, &mut errors);
                    if errors.0.is_empty() {
                        check_words(text(&parameters, "prompt").unwrap_or_default()).map_err(Refusal::listed)?;
                        let flag = |flag: Option<bool>| flag.unwrap_or(false);
                        let (public, ephemeral, base64) = (flag(public), flag(ephemeral), flag(base64));
                        return Ok(Self { model, parameters, public, ephemeral, base64 });
                    }
                }
            }
            (parameters, None) if !parameters.is_object() => errors.add("parameters must be an object"),
            _ => {}
        }
        Err(Refusal::invalid(errors.0))
    }

    /// A parameter, or what the model takes without it.
    fn parameter(&self, name: &str) -> Option<&Value> {
        let given = self.parameters.get(name).filter(|value| !value.is_null());
        given.or_else(|| self.model.schema["properties"][name].get("default"))
    }

    /// How many results; 1 where it is not known how many without being asked.
    fn quantity(&self) -> u32 {
        self.parameter("quantity").and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok()).unwrap_or(1)
    }

    /// The seed to draw from, and the one that the record shows.
    fn seed(&self) -> (i64, Option<i64>) {
        let property = &self.model.schema["properties"]["seed"];
        let most = property["maximum"].as_i64().unwrap_or(MAX_CHOSEN_SEED).min(MAX_CHOSEN_SEED);
        let chosen = fastrand::i64(0..=most.max(0));
        match (property.is_null(), self.parameter("seed").and_then(Value::as_i64)) {
            (true, _) => (chosen, None),
            (false, None) => (chosen, Some(chosen)),
            // What the service draws then, it does not show.
            (false, Some(-1)) => (chosen, Some(-1)),
            (false, Some(seed)) => (seed, Some(seed)),
        }
    }

    /// Of a video; 5 s where it is not known how long it is without being asked, or the length nearest to that.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a few minutes")]
    fn milliseconds(&self) -> u32 {
        let property = &self.model.schema["properties"]["duration"];
        let bound = |name: &str| property[name].as_f64();
        let usual = 5_f64.clamp(bound("minimum").unwrap_or(1.0).min(5.0), bound("maximum").unwrap_or(5.0).max(5.0));
        let listed = || property["enum"].get(0).and_then(Value::as_f64);
        let given = self.parameter("duration").and_then(Value::as_f64);
        let seconds = given.or_else(listed).unwrap_or_else(|| usual.max(bound("minimum").unwrap_or(0.0)));
        (seconds * 1000.0) as u32
    }

    /// What all kinds have in common.
    fn create(&self, (width, height): (u32, u32)) -> Create {
        let (seed, shown) = self.seed();
        let text = |name| text(&self.parameters, name).unwrap_or_default();
        Create {
            prompt: text("prompt").into(),
            negative_prompt: text("negative_prompt").into(),
            model_id: Some(self.model.id),
            width,
            height,
            num_images: 1,
            seed,
            public: self.public,
            tiling: flag(&self.parameters, "tiling").unwrap_or(false),
            version2: Some(Version2 { seed: shown, cut_out: None }),
            ..Create::default()
        }
    }

    fn size(&self, frame: Option<(u32, u32)>) -> Result<(u32, u32), Refusal> {
        size(self.model, &self.parameters, frame).map_err(Refusal::bad)
    }
}

/// A job that may begin.
struct Job {
    create: Create,
    work: Work,
    lane: Lane,
}

async fn create(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createGenerationV2";
    let now = app.count(OPERATION)?;
    let request = Request::parse(&body, false)?;
    let job = match request.model.kind {
        Kind::RemoveBackground => remove_background::job(&app, &request, now).await?,
        Kind::Upscale => upscale(&request, app.guiding(request.model, &request.parameters, now)?)?,
        Kind::Image => image(&request, app.guiding(request.model, &request.parameters, now)?)?,
        Kind::Video => video(&request, app.guiding(request.model, &request.parameters, now)?)?,
        Kind::Audio | Kind::ThreeD => {
            app.guiding(request.model, &request.parameters, now)?;
            without_pictures(&request)
        }
    };
    let price = app.price(job.work);
    let generation = app.begin_v2(OPERATION, job)?;
    if matches!(request.model.kind, Kind::Image | Kind::Upscale | Kind::RemoveBackground) {
        app.webhooks.announce(&app.state, &generation);
    }
    let mut receipt = app.receipt("generate", json!({"generationId": generation.id.to_string()}), price);
    if app.state.config.v2_flat {
        receipt = receipt["generate"].take();
    }
    Ok(ok(&receipt))
}

impl App {
    fn begin_v2(&self, operation: &'static str, job: Job) -> Result<Arc<Generation>, ApiError> {
        let account = &mut *lock(&self.state.account);
        let life = self.begin(account, job.lane, &job.create.prompt)?;
        let price = self.price(job.work);
        Ok(account.add(operation, Generation { id: ids::random(), life, price, create: job.create }))
    }
}

fn image(request: &Request, guide: Option<Picture>) -> Result<Job, Refusal> {
    let size = request.size(guide.map(|picture| picture.origin.size()))?;
    let transparent = flag(&request.parameters, "transparency").unwrap_or(false);
    let create = Create { num_images: request.quantity(), transparent, ..request.create(size) };
    let ultra = request.parameter("mode").and_then(Value::as_str) == Some("ULTRA");
    let work = Work::Images { width: size.0, height: size.1, number: create.num_images, alchemy: true, ultra };
    Ok(Job { create, work, lane: Lane::Generations })
}

fn video(request: &Request, guide: Option<Picture>) -> Result<Job, Refusal> {
    let frame = guide.filter(|_| guidance::items(&request.parameters, "start_frame").next().is_some());
    let (width, height) = request.size(frame.as_ref().map(|picture| picture.origin.size()))?;
    let mut create = request.create((width, height));
    let poster = match &frame {
        None => Subject::of_size(Arc::clone(&create.prompt), create.seed, width, height),
        Some(picture) => picture.origin.subject().opaque().changed(Change::Scaled(width, height)),
    };
    let milliseconds = request.milliseconds();
    create.motion = Some(Motion {
        model: &request.model.motion_model,
        strength: None,
        from_image: frame.is_some(),
        film: Film { poster, milliseconds },
    });
    let work = Work::Video { lines: width.min(height), seconds: milliseconds.div_ceil(1000) };
    Ok(Job { create, work, lane: Lane::Generations })
}

/// A larger picture. How large it may become is not known; here as large as an image.
fn upscale(request: &Request, picture: Option<Picture>) -> Result<Job, Refusal> {
    let Some(picture) = picture else { return Err(Refusal::not_found("couldn't access image")) };
    let factor = int(&request.parameters, "upscale_factor").and_then(|factor| u32::try_from(factor).ok()).unwrap_or(2);
    let (width, height) = picture.origin.size();
    let (width, height) = (width.saturating_mul(factor), height.saturating_mul(factor));
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PIXELS || width.max(height) > u32::from(u16::MAX) {
        return Err(Refusal::bad(format!("the output must not be larger than {} megapixels", MOST_PIXELS / 1_000_000)));
    }
    let mut create = request.create((width, height));
    let larger = picture.origin.subject().changed(Change::Scaled(width, height));
    create.made_of = Some(larger);
    let work = Work::UltraUpscale { megapixels: u32::try_from(pixels.div_ceil(1_000_000)).unwrap_or(0) };
    Ok(Job { create, work, lane: Lane::Generations })
}

/// Where sounds and 3D models arrive is not known: the record is complete and has no images.
fn without_pictures(request: &Request) -> Job {
    let create = Create { num_images: 0, ..request.create((0, 0)) };
    match request.model.kind {
        Kind::ThreeD => Job { create, work: Work::Model3d, lane: Lane::ThreeD },
        _ => Job { create, work: Work::Sounds { number: request.quantity() }, lane: Lane::Generations },
    }
}
