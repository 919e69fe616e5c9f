//! The group `realtime_canvas`: pictures that come in the response to the request for them.

use std::time::SystemTime;

use axum::Router;
use axum::extract::State as Extract;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::app::{App, Outcome};
use super::fields::{Kind, MAX_SEED, checked, chosen_seed, float, in_range, int, missing, text};
use super::moderation::check_prompt;
use crate::http::response::{ApiError, ok};
use crate::state::account::{Bill, Made};
use crate::state::generation::{Create, Generation};
use crate::state::ids::hash;
use crate::state::life::Life;
use crate::state::picture::Drawing;
use crate::state::prices::Work;
use crate::state::subject::{Change, Subject};
use crate::state::variation::{Transform, Variation};
use crate::state::{header, ids};
use crate::sync::lock;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/generations-lcm", post(create))
        .route("/v1/lcm-instant-refine", post(refine))
        .route("/v1/lcm-inpainting", post(inpaint))
        .route("/v1/lcm-upscale", post(upscale))
}

const STYLES: &[&str] = &[
    "ANIME",
    "CINEMATIC",
    "DIGITAL_ART",
    "DYNAMIC",
    "ENVIRONMENT",
    "FANTASY_ART",
    "ILLUSTRATION",
    "PHOTOGRAPHY",
    "RENDER_3D",
    "RAYTRACED",
    "SKETCH_BW",
    "SKETCH_COLOR",
    "VIBRANT",
    "NONE",
];

const FIELDS: &[(&str, Kind)] = &[
    ("imageDataUrl", Kind::Text),
    ("prompt", Kind::Text),
    ("guidance", Kind::Float),
    ("strength", Kind::Float),
    ("requestTimestamp", Kind::Text),
    ("style", Kind::Enum("lcm_style", STYLES)),
    ("steps", Kind::Int),
    ("width", Kind::Int),
    ("height", Kind::Int),
    ("seed", Kind::BigInt),
];

/// A request that may be carried out.
struct Request {
    prompt: String,
    seed: i64,
    timestamp: Value,
    /// What the picture that comes back shows.
    subject: Subject,
}

impl Request {
    /// The picture follows from the prompt, the seed and the bytes of the pictures that came along.
    fn parse(fields: &Map<String, Value>, with_mask: bool) -> Result<Self, ApiError> {
        let prompt = text(fields, "prompt").ok_or_else(|| missing("prompt"))?.to_owned();
        check_prompt(&prompt)?;
        for (name, least, most) in [
            ("guidance", 0.5, 20.0),
            ("strength", 0.1, 1.0),
            ("steps", 4.0, 16.0),
            ("seed", 0.0, MAX_SEED as f64),
            ("refineStrength", 0.5, 0.9),
        ] {
            in_range(name, float(fields, name), least, most)?;
        }
        let (width, height) = (side(fields, "width")?, side(fields, "height")?);
        let image = jpeg(fields, "imageDataUrl")?;
        let mut input = hash(&image);
        if with_mask {
            let mask = jpeg(fields, "maskDataUrl")?;
            if header::size(&mask) != header::size(&image) {
                return Err(ApiError::bad("maskDataUrl must have the size of imageDataUrl"));
            }
            input = ids::mix(input ^ hash(&mask));
        }
        let seed = int(fields, "seed").unwrap_or_else(chosen_seed);
        let of_input = seed ^ (input >> 1) as i64;
        Ok(Self {
            subject: Subject::plain(prompt.as_str().into(), of_input, width, height),
            prompt,
            seed,
            timestamp: fields.get("requestTimestamp").cloned().unwrap_or_default(),
        })
    }
}

fn side(fields: &Map<String, Value>, name: &str) -> Result<u32, ApiError> {
    match int(fields, name) {
        None => Ok(512),
        Some(side @ (512 | 640 | 1024)) => Ok(side as u32),
        Some(_) => Err(ApiError::bad(format!("{name} must be one of 512, 640, 1024"))),
    }
}

/// The bytes of a picture that comes as a data URL, which must be a JPEG.
fn jpeg(fields: &Map<String, Value>, name: &str) -> Result<Vec<u8>, ApiError> {
    let url = text(fields, name).ok_or_else(|| missing(name))?;
    let bytes = url.strip_prefix("data:image/jpeg;base64,").and_then(|data| STANDARD.decode(data).ok());
    let bytes = bytes.filter(|bytes| bytes.starts_with(b"\xff\xd8\xff") && header::size(bytes).is_some());
    bytes.ok_or_else(|| ApiError::bad(format!("{name} must be a JPEG as a data URL")))
}

async fn create(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createLCMGeneration";
    app.count(OPERATION)?;
    let request = Request::parse(&checked(&body, FIELDS)?, false)?;
    app.paint(OPERATION, &request, Work::Canvas { refine: false }).await
}

async fn refine(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "performInstantRefine";
    app.count(OPERATION)?;
    let request = Request::parse(&checked(&body, FIELDS)?, false)?;
    app.paint(OPERATION, &request, Work::Canvas { refine: true }).await
}

async fn inpaint(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "performInpaintingLCM";
    app.count(OPERATION)?;
    let known = [FIELDS, &[("maskDataUrl", Kind::Text)]].concat();
    let request = Request::parse(&checked(&body, &known)?, true)?;
    app.paint(OPERATION, &request, Work::Canvas { refine: false }).await
}

async fn upscale(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "performAlchemyUpscaleLCM";
    app.count(OPERATION)?;
    let known = [FIELDS, &[("refineCreative", Kind::Bool), ("refineStrength", Kind::Float)]].concat();
    let request = Request::parse(&checked(&body, &known)?, false)?;
    let work = Work::Canvas { refine: true };
    let larger = request.subject.clone();
    let larger = larger.changed(Change::Scaled(request.subject.width * 2, request.subject.height * 2));
    let url = app.data_url(&larger).await?;
    let (generation, image, variation) = app.keep(OPERATION, &request, larger, work);
    let fields = json!({
        "imageDataUrl": [url],
        "generationId": [generation],
        "variationId": [variation],
        "generatedImageId": image,
        "requestTimestamp": request.timestamp,
    });
    Ok(ok(&app.receipt("lcmGenerationJob", fields, app.price(work))))
}

impl App {
    /// Draws the picture, charges for it, and gives it away: it is kept nowhere.
    async fn paint(&self, operation: &'static str, request: &Request, work: Work) -> Outcome {
        let url = self.data_url(&request.subject).await?;
        let price = self.price(work);
        lock(&self.state.account).charge(Bill {
            operation,
            made: Made::Nothing,
            prompt: request.prompt.as_str().into(),
            seed: request.seed,
            num_images: 1,
            price,
            at: SystemTime::now(),
        });
        let fields = json!({"imageDataUrl": [url], "requestTimestamp": request.timestamp});
        Ok(ok(&self.receipt("lcmGenerationJob", fields, price)))
    }

    async fn data_url(&self, subject: &Subject) -> Result<String, ApiError> {
        let bytes = self.pictures.get(Drawing::Picture(subject.clone())).await.map_err(|_| ApiError::service())?;
        Ok(format!("data:image/jpeg;base64,{}", STANDARD.encode(bytes)))
    }

    /// Keeps a picture as a generation that is complete, with the larger one as a variation of it, and charges for
    /// both; the ids of the generation, its image and the variation.
    fn keep(
        &self,
        operation: &'static str,
        request: &Request,
        larger: Subject,
        work: Work,
    ) -> (String, String, String) {
        let (now, created) = (Instant::now(), SystemTime::now());
        let life = Life { created, starts: now, ready: now, ends: created, visible: now, fails: false };
        let create = Create {
            prompt: request.prompt.as_str().into(),
            width: request.subject.width,
            height: request.subject.height,
            num_images: 1,
            seed: request.subject.seed,
            scheduler: "EULER_DISCRETE",
            sd_version: "v1_5",
            ..Create::default()
        };
        let account = &mut *lock(&self.state.account);
        let generation = Generation { id: ids::random(), life: life.clone(), price: self.price(work), create };
        let generation = account.add(operation, generation);
        let (image, id) = (generation.image_id(0), ids::random());
        account.add_variation(Variation {
            id,
            life,
            origin: generation.id,
            image: Some(image),
            transform: Transform::Upscale,
            drawing: Drawing::Picture(larger),
        });
        (generation.id.to_string(), image.to_string(), id.to_string())
    }
}
