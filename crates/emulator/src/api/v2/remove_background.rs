//! The one model of version 2 that also responds at once: it removes backgrounds.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::State as Extract;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::guidance::Picture;
use super::refusal::{Outcome, Refusal};
use super::schema::Errors;
use super::{Job, Request};
use crate::api::app::App;
use crate::api::fields::{flag, text};
use crate::http::response::ok;
use crate::state::account::{Bill, Made};
use crate::state::cut_out::{CutOut, Cutting, Format, Length, Origin};
use crate::state::generation::{Create, Generation, Version2};
use crate::state::limits::Lane;
use crate::state::picture::Drawing;
use crate::state::prices::Work;
use crate::state::{header, ids, money};
use crate::sync::lock;

/// The longest that a request waits.
const LONGEST: Duration = Duration::from_secs(27);
/// The longest file that comes in a response.
const MOST_INLINE: usize = 7_450_000;

/// A result.
struct Cut {
    cut_out: Arc<CutOut>,
    bytes: Bytes,
    width: u32,
    height: u32,
}

impl Cut {
    fn format(&self) -> Format {
        self.cut_out.cutting.format
    }
}

/// The work as an ordinary generation. What the moderation withholds is a generation without images.
pub(super) async fn job(app: &App, request: &Request, now: Instant) -> Result<Job, Refusal> {
    let cut = cut(app, request, now).await?.0;
    Ok(Job { create: record(request, cut.as_ref()), work: Work::RemoveBackground, lane: Lane::Generations })
}

fn record(request: &Request, cut: Option<&Cut>) -> Create {
    let mut create = request.create(cut.map_or((0, 0), |cut| (cut.width, cut.height)));
    create.num_images = cut.iter().len() as u32;
    create.version2 = Some(Version2 { seed: None, cut_out: cut.map(|cut| Arc::clone(&cut.cut_out)) });
    create
}

/// Charged when it is accepted, whatever comes after that.
pub(super) async fn create_sync(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createSyncGeneration";
    let now = app.count(OPERATION)?;
    let request = Request::parse(&body, true)?;
    let (cut, words) = cut(&app, &request, now).await?;
    if request.base64 && cut.as_ref().is_some_and(|cut| cut.bytes.len() > MOST_INLINE) {
        return Err(Refusal::bad("the result is too large for base64"));
    }
    let (price, id) = (app.price(Work::RemoveBackground), ids::random());
    let (life, url) = {
        let account = &mut *lock(&app.state.account);
        let life = app.begin(account, Lane::Generations, &words)?;
        let kept = cut.as_ref().filter(|_| !request.ephemeral && !life.fails);
        let url = if let Some(cut) = kept {
            let create = record(&request, Some(cut));
            let generation = account.add(OPERATION, Generation { id, life: life.clone(), price, create });
            Some(app.state.urls.image(&generation, 0))
        } else if life.fails {
            None
        } else {
            let (made, at) = (Made::Uuid(id), SystemTime::now());
            let num_images = cut.iter().len() as u32;
            account.charge(Bill { operation: OPERATION, made, prompt: "".into(), seed: 0, num_images, price, at });
            cut.as_ref().map(|cut| app.state.urls.ephemeral(id, cut.format().extension()))
        };
        (life, url)
    };
    tokio::time::sleep_until(life.ready.min(now + LONGEST)).await;
    if life.fails {
        return Err(Refusal::failed());
    }
    if let Some(cut) = cut.as_ref().filter(|_| request.ephemeral) {
        lock(&app.state.ephemeral).add(id, Drawing::CutOut(Arc::clone(&cut.cut_out)), Instant::now());
    }
    let result = |cut: &Cut| {
        let mut result = json!({"contentType": cut.format().content_type(), "width": cut.width, "height": cut.height});
        match &url {
            Some(url) if !request.base64 => result["url"] = url.as_str().into(),
            _ => result["dataB64"] = STANDARD.encode(&cut.bytes).into(),
        }
        result
    };
    Ok(ok(&json!({
        "id": id.to_string(),
        "blockedCount": u32::from(cut.is_none()),
        "cost": {"amount": money::decimal(price), "unit": app.state.config.plan.unit()},
        "results": cut.iter().map(result).collect::<Vec<_>>(),
    })))
}

/// The result, unless the moderation withholds it, and the words of the picture's prompt.
async fn cut(app: &App, request: &Request, now: Instant) -> Result<(Option<Cut>, Arc<str>), Refusal> {
    let no_access = || Refusal::not_found("couldn't access image");
    let parameters = &request.parameters;
    let cutting = cutting(request)?;
    let Picture { origin, is_withheld } =
        app.named_picture(parameters, "image_reference", now)?.ok_or_else(no_access)?;
    let background = app.named_picture(parameters, "background_image_reference", now)?;
    if background.is_some() && cutting.colour.is_some() {
        return Err(Refusal::bad("bg_color and background_image_reference cannot be used together"));
    }
    let words = match &origin {
        Origin::Drawn(subject) => Arc::clone(&subject.prompt),
        Origin::File(_) => Arc::default(),
    };
    if is_withheld || background.as_ref().is_some_and(|picture| picture.is_withheld) {
        return Ok((None, words));
    }
    let background = background.map(|picture| picture.origin);
    for origin in [Some(&origin), background.as_ref()].into_iter().flatten() {
        if let Origin::File(given) = origin {
            lock(&app.state.gallery).keep(given);
        }
    }
    let cut_out = Arc::new(CutOut { source: origin, background, cutting });
    // What cannot be read is found out here, before anything is charged.
    let bytes = app.pictures.get(Drawing::CutOut(Arc::clone(&cut_out))).await.map_err(|_| no_access())?;
    let (width, height) = header::size(&bytes).ok_or_else(no_access)?;
    Ok((Some(Cut { cut_out, bytes, width, height }), words))
}

/// How the parameters want it. The kind of what is in the picture, a scale, a position and shadows are checked and change
/// nothing.
fn cutting(request: &Request) -> Result<Cutting, Refusal> {
    let parameters = &request.parameters;
    let mut errors = Errors::default();
    let word = |name: &str| request.parameter(name).and_then(Value::as_str);
    let format = match word("format") {
        Some("jpg") => Format::Jpeg,
        Some("webp") => Format::Webp,
        _ => Format::Png,
    };
    let most_pixels = match (word("size"), format) {
        (Some("preview"), _) => 250_000,
        (_, Format::Png) => 10_000_000,
        (Some("50MP"), _) => 50_000_000,
        _ => 25_000_000,
    };
    let colour = read(parameters, "bg_color", colour, &mut errors);
    let margins = read(parameters, "crop_margin", margins, &mut errors);
    let region = read(parameters, "roi", |text| lengths(text)?.try_into().ok(), &mut errors);
    read(parameters, "scale", |text| is_scale(text).then_some(()), &mut errors);
    read(parameters, "position", |text| is_position(text).then_some(()), &mut errors);
    if !errors.0.is_empty() {
        return Err(Refusal::invalid(errors.0));
    }
    let crop = flag(parameters, "crop").unwrap_or(false);
    Ok(Cutting {
        format,
        most_pixels,
        mask: word("channels") == Some("alpha"),
        colour,
        crop: crop.then(|| margins.unwrap_or([Length::Pixels(0); 4])),
        region,
        hard: !flag(parameters, "semitransparency").unwrap_or(true),
    })
}

/// A parameter that has a form of its own, if it is there.
fn read<T>(
    parameters: &Map<String, Value>,
    name: &str,
    form: impl FnOnce(&str) -> Option<T>,
    errors: &mut Errors,
) -> Option<T> {
    let given = text(parameters, name)?;
    let value = form(given.trim());
    if value.is_none() {
        errors.add(format!("parameters.{name} has not the form of one"));
    }
    value
}

/// Three, four, six or eight hexadecimal digits, or one of the basic names.
fn colour(text: &str) -> Option<[u8; 4]> {
    const NAMES: [(&str, u32); 18] = [
        ("aqua", 0x00_ffff),
        ("black", 0),
        ("blue", 0x00_00ff),
        ("fuchsia", 0xff_00ff),
        ("gray", 0x80_8080),
        ("green", 0x00_8000),
        ("lime", 0x00_ff00),
        ("maroon", 0x80_0000),
        ("navy", 0x00_0080),
        ("olive", 0x80_8000),
        ("orange", 0xff_a500),
        ("pink", 0xff_c0cb),
        ("purple", 0x80_0080),
        ("red", 0xff_0000),
        ("silver", 0xc0_c0c0),
        ("teal", 0x00_8080),
        ("white", 0xff_ffff),
        ("yellow", 0xff_ff00),
    ];
    if let Some((_, number)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Some((number << 8 | 0xff).to_be_bytes());
    }
    let digits = text.strip_prefix('#').unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    match digits.len() {
        3 | 4 => {
            let number = if digits.len() == 3 { number << 4 | 0xf } else { number };
            Some([12, 8, 4, 0].map(|shift| (number >> shift & 0xf) as u8 * 0x11))
        }
        6 => Some((number << 8 | 0xff).to_be_bytes()),
        8 => Some(number.to_be_bytes()),
        _ => None,
    }
}

/// `10%` or `30px`.
fn length(text: &str) -> Option<Length> {
    if let Some(share) = text.strip_suffix('%') {
        return Some(Length::Share(hundredths(share)?));
    }
    text.strip_suffix("px")?.parse().ok().map(Length::Pixels)
}

/// A number from 0 to 100, in hundredths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within its bounds")]
fn hundredths(text: &str) -> Option<u32> {
    let share = text.parse::<f64>().ok().filter(|share| (0.0..=100.0).contains(share))?;
    Some((share * 100.0) as u32)
}

fn lengths(text: &str) -> Option<Vec<Length>> {
    text.split_ascii_whitespace().map(length).collect()
}

/// One margin for all sides, one for above and below and one for the sides, or one for each.
fn margins(text: &str) -> Option<[Length; 4]> {
    let fits = |length: &Length| match length {
        Length::Pixels(pixels) => *pixels <= 500,
        Length::Share(share) => *share <= 5000,
    };
    match lengths(text).filter(|lengths| lengths.iter().all(fits))?[..] {
        [all] => Some([all; 4]),
        [upright, level] => Some([upright, level, upright, level]),
        [top, right, bottom, left] => Some([top, right, bottom, left]),
        _ => None,
    }
}

fn is_scale(text: &str) -> bool {
    text == "original" || text.strip_suffix('%').and_then(hundredths).is_some_and(|share| share >= 1000)
}

fn is_position(text: &str) -> bool {
    let parts: Vec<&str> = text.split_ascii_whitespace().collect();
    let is_share = |part: &&str| part.strip_suffix('%').and_then(hundredths).is_some();
    matches!(text, "original" | "center") || matches!(parts.len(), 1 | 2) && parts.iter().all(is_share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours() {
        for (text, expected) in [
            ("81d4fa", Some([0x81, 0xd4, 0xfa, 0xff])),
            ("#81D4FA80", Some([0x81, 0xd4, 0xfa, 0x80])),
            ("fff", Some([0xff; 4])),
            ("f008", Some([0xff, 0, 0, 0x88])),
            ("Green", Some([0, 0x80, 0, 0xff])),
            ("ff", None),
            ("12345", None),
            ("+12345", None),
            ("", None),
            ("grün", None),
            ("123456789", None),
        ] {
            assert_eq!(colour(text), expected, "{text}");
        }
    }

    #[test]
    fn lengths_of_all_kinds() {
        let (ten, tenth) = (Length::Pixels(10), Length::Share(1000));
        assert_eq!(margins("10px"), Some([ten; 4]));
        assert_eq!(margins("10px 10%"), Some([ten, tenth, ten, tenth]));
        assert_eq!(margins("10px 10% 0px 0%"), Some([ten, tenth, Length::Pixels(0), Length::Share(0)]));
        for wrong in ["", "10", "10px 10px 10px", "51%", "501px", "-1px", "-1%", "nan%", "px", "%"] {
            assert_eq!(margins(wrong), None, "{wrong}");
        }
        assert!(["original", "10%", "100%"].into_iter().all(is_scale));
        assert!(!["", "9%", "101%", "50"].into_iter().any(is_scale));
        assert!(["original", "center", "50%", "0% 100%"].into_iter().all(is_position));
        assert!(!["", "left", "1% 2% 3%", "50"].into_iter().any(is_position));
    }
}
