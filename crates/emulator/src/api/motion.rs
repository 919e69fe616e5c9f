//! The group `motion`: videos, which are read and deleted as other generations are.

use axum::Router;
use axum::extract::State as Extract;
use axum::routing::post;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::app::{App, Outcome};
use super::fields::{Kind, MAX_CHOSEN_SEED, checked, chosen_seed, flag, in_range, int, list, missing, text};
use super::moderation::check_prompt;
use super::sources::no_access;
use crate::http::response::{ApiError, ok};
use crate::state::generation::{Create, Generation, Motion};
use crate::state::ids;
use crate::state::limits::Lane;
use crate::state::picture::{Drawing, Film};
use crate::state::prices::Work;
use crate::state::subject::{Change, Subject};
use crate::state::variation::{Transform, Variation};
use crate::sync::lock;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/generations-image-to-video", post(from_image))
        .route("/v1/generations-text-to-video", post(from_text))
        .route("/v1/generations-motion-svd", post(svd))
        .route("/v1/generations-video-upscale", post(upscale))
}

const MODELS: &[&str] = &["MOTION2", "VEO3", "MOTION2FAST", "VEO3FAST", "KLING2_1", "KLING2_5"];
const RESOLUTIONS: &[&str] = &["RESOLUTION_480", "RESOLUTION_720", "RESOLUTION_1080"];
const IMAGE_TYPES: Kind = Kind::Enum("ImageType", &["GENERATED", "UPLOADED"]);

/// The fields of a text to video, which an image to video has as well.
const FIELDS: &[(&str, Kind)] = &[
    ("prompt", Kind::Text),
    ("model", Kind::Enum("MotionVideoModel", MODELS)),
    ("resolution", Kind::Enum("MotionVideoResolution", RESOLUTIONS)),
    ("duration", Kind::Int),
    ("width", Kind::Int),
    ("height", Kind::Int),
    ("frameInterpolation", Kind::Bool),
    ("isPublic", Kind::Bool),
    ("seed", Kind::BigInt),
    ("negativePrompt", Kind::Text),
    ("promptEnhance", Kind::Bool),
    ("promptEnhanceInstruction", Kind::Text),
    ("styleIds", Kind::Texts),
    ("elements", Kind::Objects("motion_element_input")),
];

const IMAGE_FIELDS: &[(&str, Kind)] =
    &[("imageId", Kind::Text), ("imageType", IMAGE_TYPES), ("endFrameImage", Kind::Object("end_frame_image_input"))];

/// A video that was asked for.
struct Request {
    prompt: String,
    negative_prompt: String,
    model: &'static str,
    width: u32,
    height: u32,
    seconds: u32,
    seed: i64,
    public: bool,
}

impl Request {
    fn parse(fields: &Map<String, Value>) -> Result<Self, ApiError> {
        let prompt = text(fields, "prompt").ok_or_else(|| missing("prompt"))?.to_owned();
        check_prompt(&prompt)?;
        let model = text(fields, "model").and_then(|given| MODELS.iter().find(|model| **model == given));
        let model = model.copied().unwrap_or("MOTION2");
        if model.starts_with("VEO3") {
            return Err(ApiError::bad(format!("{model} is no longer available")));
        }
        for element in list(fields, "elements") {
            element.get("akUUID").and_then(Value::as_str).ok_or_else(|| missing("akUUID"))?;
        }
        in_range("seed", int(fields, "seed").map(|seed| seed as f64), 0.0, MAX_CHOSEN_SEED as f64)?;
        let seconds = match (model, int(fields, "duration")) {
            ("KLING2_5", Some(seconds @ (5 | 10))) => seconds,
            ("KLING2_5", Some(_)) => return Err(ApiError::bad("duration must be 5 or 10")),
            // Other models have a duration of their own and take no notice; official clients always send 8.
            _ => 5,
        };
        let (width, height) = size(fields, model)?;
        Ok(Self {
            prompt,
            negative_prompt: text(fields, "negativePrompt").unwrap_or_default().to_owned(),
            model,
            width,
            height,
            seconds: seconds as u32,
            seed: int(fields, "seed").unwrap_or_else(chosen_seed),
            public: flag(fields, "isPublic").unwrap_or(false),
        })
    }

    fn work(&self) -> Work {
        Work::Video { lines: self.width.min(self.height), seconds: self.seconds }
    }
}

/// The width and height: those given, or what the resolution stands for.
fn size(fields: &Map<String, Value>, model: &str) -> Result<(u32, u32), ApiError> {
    let resolution =
        text(fields, "resolution").unwrap_or(if model == "KLING2_5" { "RESOLUTION_1080" } else { "RESOLUTION_480" });
    if model == "KLING2_5" && resolution != "RESOLUTION_1080" {
        return Err(ApiError::bad("KLING2_5 needs RESOLUTION_1080"));
    }
    let usual = match resolution {
        "RESOLUTION_480" => (832, 480),
        "RESOLUTION_720" => (1280, 720),
        _ => (1920, 1080),
    };
    let side = |name: &str, usual: u32| match int(fields, name).unwrap_or(0) {
        // As the start frame has it, which is not looked at.
        0 => Ok(usual),
        side @ 256..=1920 if side % 2 == 0 => Ok(u32::try_from(side).unwrap_or(usual)),
        _ => Err(ApiError::bad("invalid dimensions: width and height do not fit the model")),
    };
    Ok((side("width", usual.0)?, side("height", usual.1)?))
}

async fn from_text(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createTextToVideoGeneration";
    app.count(OPERATION)?;
    let request = Request::parse(&checked(&body, FIELDS)?)?;
    let start = Subject::plain(request.prompt.as_str().into(), request.seed, request.width, request.height);
    let work = request.work();
    let generation = app.film(OPERATION, request, start, None, work)?;
    Ok(ok(&app.receipt("motionVideoGenerationJob", json!({"generationId": generation}), app.price(work))))
}

async fn from_image(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createImageToVideoGeneration";
    let now = app.count(OPERATION)?;
    let fields = checked(&body, &[FIELDS, IMAGE_FIELDS].concat())?;
    let request = Request::parse(&fields)?;
    let start = image(&app, &fields, "imageId", "imageType", now)?;
    if let Some(end) = fields.get("endFrameImage").and_then(Value::as_object) {
        if !request.model.starts_with("KLING") {
            return Err(ApiError::bad("endFrameImage needs a Kling model"));
        }
        image(&app, end, "id", "type", now)?;
    }
    let work = request.work();
    let start = start.changed(Change::Scaled(request.width, request.height));
    let generation = app.film(OPERATION, request, start, Some(None), work)?;
    Ok(ok(&app.receipt("motionVideoGenerationJob", json!({"generationId": generation}), app.price(work))))
}

/// The image that two fields name.
fn image(app: &App, fields: &Map<String, Value>, id: &str, kind: &str, now: Instant) -> Result<Subject, ApiError> {
    let named = text(fields, id).ok_or_else(|| missing(id))?;
    let found = match text(fields, kind) {
        Some("GENERATED") => app.generated(named, now),
        Some("UPLOADED") => app.uploaded(named),
        _ => return Err(missing(kind)),
    };
    found.map(|source| source.subject.opaque()).ok_or_else(no_access)
}

/// A size of the same proportions with a longer side of 1024.
fn fitted((width, height): (u32, u32)) -> (u32, u32) {
    let fit = |side: u32| (side * 1024 / width.max(height)).next_multiple_of(2).max(32);
    (fit(width), fit(height))
}

async fn svd(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createSVDMotionGeneration";
    let now = app.count(OPERATION)?;
    let known = &[
        ("imageId", Kind::Text),
        ("isInitImage", Kind::Bool),
        ("isPublic", Kind::Bool),
        ("isVariation", Kind::Bool),
        ("motionStrength", Kind::Int),
    ];
    let fields = checked(&body, known)?;
    let id = text(&fields, "imageId").ok_or_else(|| missing("imageId"))?;
    let flag = |name: &str| flag(&fields, name).unwrap_or(false);
    let strength = int(&fields, "motionStrength");
    in_range("motionStrength", strength.map(|strength| strength as f64), 1.0, 10.0)?;
    let source = match (flag("isInitImage"), flag("isVariation")) {
        (true, true) => return Err(ApiError::bad("isInitImage and isVariation cannot both be true")),
        (true, false) => app.uploaded(id),
        (false, true) => app.varied(id, now),
        (false, false) => app.generated(id, now),
    };
    // Other than elsewhere, an id that is no image's ends in a failure of the service.
    let start = source.ok_or_else(ApiError::service)?.subject.opaque();
    let (width, height) = fitted(start.size());
    let start = start.changed(Change::Scaled(width, height));
    let request = Request {
        prompt: start.prompt.to_string(),
        negative_prompt: String::new(),
        model: "SVD",
        width,
        height,
        seconds: 4,
        seed: start.seed,
        public: flag("isPublic"),
    };
    let generation = app.film(OPERATION, request, start, Some(strength.or(Some(5))), Work::SvdMotion)?;
    Ok(ok(&app.receipt("motionSvdGenerationJob", json!({"generationId": generation}), app.price(Work::SvdMotion))))
}

impl App {
    /// Begins a video and charges for it; the id of its generation. With a start image comes the strength of the
    /// movement, for the model that has one.
    fn film(
        &self,
        operation: &'static str,
        request: Request,
        poster: Subject,
        image: Option<Option<i64>>,
        work: Work,
    ) -> Result<String, ApiError> {
        let account = &mut *lock(&self.state.account);
        let life = self.begin(account, Lane::Generations, &request.prompt)?;
        let create = Create {
            prompt: request.prompt.into(),
            negative_prompt: request.negative_prompt.into(),
            width: request.width,
            height: request.height,
            num_images: 1,
            seed: request.seed,
            public: request.public,
            motion: Some(Motion {
                model: request.model,
                strength: image.flatten(),
                from_image: image.is_some(),
                film: Film { poster, milliseconds: request.seconds * 1000 },
            }),
            ..Create::default()
        };
        let generation = Generation { id: ids::random(), life, price: self.price(work), create };
        Ok(account.add(operation, generation).id.to_string())
    }
}

async fn upscale(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createVideoUpscale";
    let now = app.count(OPERATION)?;
    let known =
        &[("resolution", Kind::Enum("MotionResolution", &["RESOLUTION_720"])), ("sourceGenerationId", Kind::Text)];
    let fields = checked(&body, known)?;
    text(&fields, "resolution").ok_or_else(|| missing("resolution"))?;
    let id = text(&fields, "sourceGenerationId").ok_or_else(|| missing("sourceGenerationId"))?;
    let source = ids::parse(id).and_then(|id| app.video(id, now));
    let source = source.ok_or_else(|| ApiError::bad("failed to find the video of sourceGenerationId"))?;
    let Some(motion) = &source.create.motion else { return Err(no_access()) };
    let (width, height) = motion.film.poster.size();
    let larger = |side: u32| (side * 720).div_ceil(width.min(height)).next_multiple_of(2);
    let (width, height) = (larger(width), larger(height));
    let poster = motion.film.poster.clone().changed(Change::Scaled(width, height));
    let request = Request {
        prompt: source.create.prompt.to_string(),
        negative_prompt: source.create.negative_prompt.to_string(),
        model: motion.model,
        width,
        height,
        seconds: motion.film.milliseconds / 1000,
        seed: source.create.seed,
        public: source.create.public,
    };
    let film = Film { poster: poster.clone(), ..motion.film };
    let image = motion.from_image.then_some(motion.strength);
    let generation = app.film(OPERATION, request, poster, image, Work::VideoUpscale)?;
    let variation = app.film_variation(&generation, film)?;
    let fields = json!({"generationId": generation, "variationId": variation});
    Ok(ok(&app.receipt("motionVideoGenerationJob", fields, app.price(Work::VideoUpscale))))
}

impl App {
    /// The record under which the larger video of a generation is read as well, and lives as long.
    fn film_variation(&self, generation: &str, film: Film) -> Result<String, ApiError> {
        let account = &mut *lock(&self.state.account);
        let generation = ids::parse(generation).and_then(|id| account.get(id).cloned());
        let generation = generation.ok_or_else(ApiError::service)?;
        let id = ids::random();
        account.add_variation(Variation {
            id,
            life: generation.life.clone(),
            origin: generation.id,
            image: Some(generation.image_id(0)),
            transform: Transform::VideoUpscale,
            drawing: Drawing::Film(film),
        });
        Ok(id.to_string())
    }
}
