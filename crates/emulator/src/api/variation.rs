//! The group `variation`: pictures made of pictures.

use axum::Router;
use axum::extract::State as Extract;
use axum::http::Uri;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::app::{App, Outcome};
use super::fields::{Kind, checked, flag, float, in_range, last_id, missing, text};
use super::moderation::check_prompt;
use super::sources::{Source, no_access};
use crate::http::response::{ApiError, ok};
use crate::state::account::Made;
use crate::state::ids;
use crate::state::life::Status;
use crate::state::limits::Lane;
use crate::state::picture::Drawing;
use crate::state::prices::Work;
use crate::state::subject::{Change, MOST_PIXELS};
use crate::state::variation::{Transform, Variation};
use crate::sync::lock;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/variations/unzoom", post(unzoom))
        .route("/v1/variations/upscale", post(upscale))
        .route("/v1/variations/nobg", post(no_background))
        .route("/v1/variations/universal-upscaler", post(universal_upscaler))
        .route("/v1/variations/{id}", get(read))
        .route("/v1/motion-variations/{id}", get(read_motion))
}

/// The fields of the simple requests.
const FIELDS: &[(&str, Kind)] = &[("id", Kind::Text), ("isVariation", Kind::Bool)];

const UNIVERSAL_FIELDS: &[(&str, Kind)] = &[
    ("creativityStrength", Kind::Int),
    ("detailContrast", Kind::Int),
    ("generatedImageId", Kind::Text),
    ("initImageId", Kind::Text),
    ("prompt", Kind::Text),
    ("similarity", Kind::Int),
    ("ultraUpscaleStyle", Kind::Enum("UltraUpscaleStyle", &["ARTISTIC", "REALISTIC"])),
    ("upscaleMultiplier", Kind::Float),
    (
        "upscalerStyle",
        Kind::Enum(
            "UniversalUpscalerStyle",
            &["GENERAL", "CINEMATIC", "2D ART & ILLUSTRATION", "CG ART & GAME ASSETS"],
        ),
    ),
    ("variationId", Kind::Text),
];

async fn unzoom(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createVariationUnzoom";
    let now = app.count(OPERATION)?;
    let source = source(&app, &checked(&body, FIELDS)?, now)?;
    let change = grown(&source, 1.5, Change::Unzoomed)?;
    let id = app.vary(OPERATION, source, Transform::Unzoom, change, "", Work::Unzoom)?;
    Ok(ok(&app.receipt("sdUnzoomJob", json!({"id": id}), app.price(Work::Unzoom))))
}

async fn upscale(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createVariationUpscale";
    let now = app.count(OPERATION)?;
    let source = source(&app, &checked(&body, &FIELDS[..1])?, now)?;
    let change = grown(&source, 2.0, Change::Scaled)?;
    let id = app.vary(OPERATION, source, Transform::Upscale, change, "", Work::Upscale)?;
    Ok(ok(&app.receipt("sdUpscaleJob", json!({"id": id}), app.price(Work::Upscale))))
}

async fn no_background(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createVariationNoBG";
    let now = app.count(OPERATION)?;
    let source = source(&app, &checked(&body, FIELDS)?, now)?;
    let id = app.vary(OPERATION, source, Transform::NoBackground, Change::Cut, "", Work::NoBackground)?;
    Ok(ok(&app.receipt("sdNobgJob", json!({"id": id}), app.price(Work::NoBackground))))
}

async fn universal_upscaler(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createUniversalUpscalerJob";
    let now = app.count(OPERATION)?;
    let fields = checked(&body, UNIVERSAL_FIELDS)?;
    let prompt = text(&fields, "prompt").unwrap_or_default();
    check_prompt(prompt)?;
    let ultra = check_modes(&fields)?;
    let named = ["generatedImageId", "initImageId", "variationId"].map(|name| text(&fields, name));
    let source = match named {
        [Some(id), None, None] => app.generated(id, now),
        [None, Some(id), None] => app.uploaded(id),
        [None, None, Some(id)] => app.varied(id, now),
        _ => {
            return Err(ApiError::bad("exactly one of generatedImageId, initImageId and variationId must be given"));
        }
    };
    let source = source.ok_or_else(no_access)?;
    let multiplier = float(&fields, "upscaleMultiplier").unwrap_or(1.5);
    let change = grown(&source, multiplier, Change::Scaled)?;
    let megapixels = match change {
        Change::Scaled(width, height) => (u64::from(width) * u64::from(height)).div_ceil(1_000_000) as u32,
        _ => 0,
    };
    let work = if ultra { Work::UltraUpscale { megapixels } } else { Work::UniversalUpscale { megapixels } };
    let id = app.vary(OPERATION, source, Transform::UniversalUpscale, change, prompt, work)?;
    Ok(ok(&app.receipt("universalUpscaler", json!({"id": id}), app.price(work))))
}

/// Whether the ultra mode was asked for, and nothing that goes with the other mode only.
fn check_modes(fields: &Map<String, Value>) -> Result<bool, ApiError> {
    for name in ["creativityStrength", "detailContrast", "similarity"] {
        in_range(name, float(fields, name), 1.0, 10.0)?;
    }
    in_range("upscaleMultiplier", float(fields, "upscaleMultiplier"), 1.0, 2.0)?;
    let given = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    let ultra = given("ultraUpscaleStyle");
    if ultra && given("upscalerStyle") {
        return Err(ApiError::bad("upscalerStyle and ultraUpscaleStyle cannot be used together"));
    }
    if !ultra && (given("detailContrast") || given("similarity")) {
        return Err(ApiError::bad("detailContrast and similarity need ultraUpscaleStyle"));
    }
    Ok(ultra)
}

/// The picture that a simple request names: a generated one, or a variation if it says so.
fn source(app: &App, fields: &Map<String, Value>, now: Instant) -> Result<Source, ApiError> {
    let id = text(fields, "id").ok_or_else(|| missing("id"))?;
    let varied = flag(fields, "isVariation").unwrap_or(false);
    let found = if varied { app.varied(id, now) } else { app.generated(id, now) };
    found.ok_or_else(|| ApiError::bad("failed to find init variation"))
}

/// The change that makes a picture larger.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a picture's side by at most 2")]
fn grown(source: &Source, by: f64, change: fn(u32, u32) -> Change) -> Result<Change, ApiError> {
    let (width, height) = source.subject.size();
    let [width, height] = [width, height].map(|side| (f64::from(side) * by).round() as u32);
    // Files cannot hold longer sides, which only many variations of each other have.
    if u64::from(width) * u64::from(height) > MOST_PIXELS || width.max(height) > u32::from(u16::MAX) {
        return Err(ApiError::bad("the output must not be larger than 20 megapixels"));
    }
    Ok(change(width, height))
}

impl App {
    /// Begins a variation of a picture and charges for it; its id.
    fn vary(
        &self,
        operation: &'static str,
        source: Source,
        transform: Transform,
        change: Change,
        prompt: &str,
        work: Work,
    ) -> Result<String, ApiError> {
        let account = &mut *lock(&self.state.account);
        let life = self.begin(account, Lane::Variations, prompt)?;
        let id = ids::random();
        let drawing = Drawing::Picture(source.subject.changed(change));
        account.add_variation(Variation { id, life, origin: source.origin, image: source.image, transform, drawing });
        self.charge(account, operation, Made::Uuid(id), prompt, work);
        Ok(id.to_string())
    }

    /// A variation as the API shows it, but for the route that reads it.
    pub(super) fn show_variation(&self, variation: &Variation, now: Instant) -> Value {
        let status = variation.life.status(now);
        let url = (status == Status::Complete).then(|| self.state.urls.variation(variation));
        json!({
            "id": variation.id.to_string(),
            "status": status.as_str(),
            "transformType": variation.transform.as_str(),
            "url": url,
        })
    }

    /// The variation of this id as a list, which is empty for an id that is not known.
    fn read_variation(&self, id: Uuid, of_video: bool) -> Vec<Value> {
        let now = Instant::now();
        let found = lock(&self.state.account).variation(id).cloned();
        let found =
            found.filter(|one| one.life.is_visible(now) && (one.transform == Transform::VideoUpscale) == of_video);
        let show = |variation: &Variation| {
            let mut shown = self.show_variation(variation, now);
            shown["createdAt"] = self.state.shown(variation.life.created).into();
            if let (true, Some(fields)) = (of_video, shown.as_object_mut()) {
                let transform = fields.remove("transformType").unwrap_or_default();
                fields.insert("motionTransformType".into(), transform);
                fields.insert("resolution".into(), "RESOLUTION_720".into());
            }
            shown
        };
        found.iter().map(|variation| show(variation)).collect()
    }
}

async fn read(Extract(app): Extract<App>, uri: Uri) -> Outcome {
    Ok(ok(&json!({"generated_image_variation_generic": app.read_variation(last_id(&uri)?, false)})))
}

async fn read_motion(Extract(app): Extract<App>, uri: Uri) -> Outcome {
    Ok(ok(&json!({"generated_image_variation_motion": app.read_variation(last_id(&uri)?, true)})))
}
