//! The group `pricing_calculator`: what work would cost, from the table that the charges come from.

use axum::Router;
use axum::extract::State as Extract;
use axum::routing::post;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::app::{App, Outcome};
use super::fields::{Kind, check_all, checked, flag, float, in_range, int, missing, text, unexpected};
use crate::http::response::{ApiError, number, ok};
use crate::state::money::{Plan, units};
use crate::state::prices::Work;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/v1/pricing-calculator", post(calculate))
}

type Fields = &'static [(&'static str, Kind)];

const IMAGE: Fields = &[
    ("imageHeight", Kind::Int),
    ("imageWidth", Kind::Int),
    ("numImages", Kind::Int),
    ("inferenceSteps", Kind::Int),
    ("promptMagic", Kind::Bool),
    ("promptMagicStrength", Kind::Float),
    ("promptMagicVersion", Kind::Text),
    ("alchemyMode", Kind::Bool),
    ("photoRealMode", Kind::Bool),
    ("photoRealStrength", Kind::Float),
    ("photoRealVersion", Kind::Text),
    ("highResolution", Kind::Bool),
    ("loraCount", Kind::Int),
    ("isModelCustom", Kind::Bool),
    ("controlnetsCost", Kind::Int),
    ("isPhoenix", Kind::Bool),
    ("isSDXL", Kind::Bool),
    ("isSDXLLightning", Kind::Bool),
    ("isUltra", Kind::Bool),
    ("isFluxSchnell", Kind::Bool),
    ("isFluxDev", Kind::Bool),
    ("isFluxKontext", Kind::Bool),
];

/// The services and the parameters of each.
const SERVICES: &[(&str, Fields)] = &[
    ("IMAGE_GENERATION", IMAGE),
    ("FANTASY_AVATAR_GENERATION", &[("imageHeight", Kind::Int), ("imageWidth", Kind::Int), ("numImages", Kind::Int)]),
    ("MOTION_SVD_GENERATION", &[]),
    ("MOTION_VIDEO_GENERATION", &[("resolution", Kind::Text)]),
    ("VEO3_MOTION_VIDEO_GENERATION", &[("resolution", Kind::Text)]),
    (
        "LCM_GENERATION",
        &[("height", Kind::Int), ("width", Kind::Int), ("instantRefine", Kind::Bool), ("refine", Kind::Bool)],
    ),
    (
        "MODEL_TRAINING",
        &[
            ("resolution", Kind::Int),
            ("sd_version", Kind::Enum("sd_versions", &["FLUX_DEV"])),
            ("datasetImageCount", Kind::Int),
        ],
    ),
    ("TEXTURE_GENERATION", &[("preview", Kind::Bool)]),
    ("UNIVERSAL_UPSCALER", &[("megapixel", Kind::Int)]),
    (
        "UNIVERSAL_UPSCALER_ULTRA",
        &[("inputWidth", Kind::Int), ("inputHeight", Kind::Int), ("upscaleMultiplier", Kind::Float)],
    ),
];

async fn calculate(Extract(_): Extract<App>, body: Bytes) -> Outcome {
    let fields = checked(&body, &[("service", Kind::Text), ("serviceParams", Kind::Object("service_params"))])?;
    let service = text(&fields, "service").ok_or_else(|| missing("service"))?;
    let Some((_, known)) = SERVICES.iter().find(|(name, _)| *name == service) else {
        return Err(ApiError::shape(format!(
            "expected a service for type 'ProductionApiService', but found '{service}'"
        )));
    };
    let all = fields.get("serviceParams").and_then(Value::as_object).ok_or_else(|| missing("serviceParams"))?;
    if let Some(other) = all.keys().find(|name| *name != service) {
        return Err(unexpected(other));
    }
    let given = all.get(service).and_then(Value::as_object).ok_or_else(|| missing(service))?;
    check_all(given, known)?;
    // In credits, whatever the account pays in.
    let cost = number(units(Plan::Credits.price(work(service, &Parameters(given))?)));
    Ok(ok(&json!({"calculateProductionApiServiceCost": {"cost": cost}})))
}

struct Parameters<'a>(&'a Map<String, Value>);

impl Parameters<'_> {
    fn flag(&self, name: &str) -> bool {
        flag(self.0, name).unwrap_or(false)
    }

    /// A number that must be there, within its bounds.
    fn number(&self, name: &str, least: u32, most: u32) -> Result<u32, ApiError> {
        let value = int(self.0, name).ok_or_else(|| missing(name))?;
        in_range(name, Some(value as f64), f64::from(least), f64::from(most))?;
        Ok(u32::try_from(value).unwrap_or(most))
    }

    fn lines(&self) -> Result<u32, ApiError> {
        match text(self.0, "resolution") {
            Some("RESOLUTION_480") => Ok(480),
            Some("RESOLUTION_720") => Ok(720),
            Some(_) => Err(ApiError::bad("resolution must be RESOLUTION_480 or RESOLUTION_720")),
            None => Err(missing("resolution")),
        }
    }
}

/// The work that a service would do with these parameters.
fn work(service: &str, given: &Parameters<'_>) -> Result<Work, ApiError> {
    Ok(match service {
        "IMAGE_GENERATION" | "FANTASY_AVATAR_GENERATION" => Work::Images {
            width: given.number("imageWidth", 32, 1536)?,
            height: given.number("imageHeight", 32, 1536)?,
            number: given.number("numImages", 1, 8)?,
            alchemy: given.flag("alchemyMode") || service != "IMAGE_GENERATION",
            ultra: given.flag("isUltra"),
        },
        "MOTION_SVD_GENERATION" => Work::SvdMotion,
        "MOTION_VIDEO_GENERATION" => Work::Video { lines: given.lines()?, seconds: 5 },
        "VEO3_MOTION_VIDEO_GENERATION" => Work::Video { lines: given.lines()?, seconds: 8 },
        "LCM_GENERATION" => Work::Canvas { refine: given.flag("instantRefine") || given.flag("refine") },
        "MODEL_TRAINING" => Work::Training {
            side: given.number("resolution", 512, 1024)?,
            pictures: given.number("datasetImageCount", 1, 50).or_else(|error| {
                match given.0.get("datasetImageCount") {
                    None | Some(Value::Null) => Ok(1),
                    Some(_) => Err(error),
                }
            })?,
        },
        "TEXTURE_GENERATION" => Work::Texture { preview: given.flag("preview") },
        "UNIVERSAL_UPSCALER" => Work::UniversalUpscale { megapixels: given.number("megapixel", 1, 20)? },
        _ => {
            let (width, height) = (given.number("inputWidth", 1, 20_000)?, given.number("inputHeight", 1, 20_000)?);
            let by = float(given.0, "upscaleMultiplier").unwrap_or(1.5);
            in_range("upscaleMultiplier", Some(by), 1.0, 2.0)?;
            let pixels = f64::from(width) * by * f64::from(height) * by;
            Work::UltraUpscale { megapixels: (pixels / 1e6).ceil() as u32 }
        }
    })
}
