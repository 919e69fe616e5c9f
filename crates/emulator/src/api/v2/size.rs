//! The width and height of what a model of version 2 makes.

use serde_json::{Map, Value};

use crate::api::fields::{int, text};
use crate::state::v2_models::{Kind, Model, Rule, Sides, Sizes};

/// The most pixels of one image, a little more than the largest listed pair has. The service's own limit beside that of
/// the sides is not known, and an image needs memory.
pub(super) const MOST_PIXELS: u64 = 40_000_000;

type Size = (u32, u32);

/// The size that the parameters ask for, each side of which is already known to be one that the model has. `frame` is the
/// size of the image that a video starts from, or that an image is made after.
pub(super) fn size(model: &Model, parameters: &Map<String, Value>, frame: Option<Size>) -> Result<Size, String> {
    let Some(sizes) = &model.sizes else { return Ok((0, 0)) };
    let side = |name: &str| int(parameters, name).and_then(|side| u32::try_from(side).ok());
    let chosen = || chosen(model, sizes, parameters, frame);
    let size = match (side("width"), side("height")) {
        (None, None) | (Some(0), Some(0)) => return Ok(chosen()),
        (Some(width), Some(height)) => (width, height),
        (width, height) => {
            if model.rules.contains(&Rule::BothSides) {
                return Err("invalid dimensions: width and height must be given together".to_owned());
            }
            let other = chosen();
            (width.unwrap_or(other.0), height.unwrap_or(other.1))
        }
    };
    let refused = || Err(format!("invalid dimensions: {} has no {} by {}", model.slug, size.0, size.1));
    if let Sides::Pairs(pairs) = &sizes.sides {
        if !pairs.contains(&size) {
            // Which of the squares is not known.
            let square = pairs.iter().find(|(width, height)| width == height);
            return square.filter(|_| sizes.falls_back && size.0.min(size.1) > 0).copied().map_or_else(refused, Ok);
        }
    }
    if u64::from(size.0) * u64::from(size.1) > MOST_PIXELS {
        return refused();
    }
    Ok(size)
}

/// The size where none is asked for: that of the frame as far as there is one like it, with as many lines as asked for.
fn chosen(model: &Model, sizes: &Sizes, parameters: &Map<String, Value>, frame: Option<Size>) -> Size {
    const RESOLUTIONS: [&str; 2] = ["resolution", "mode"];
    let asked = RESOLUTIONS.into_iter().find_map(|name| lines(text(parameters, name)?));
    let property = |name| &model.schema["properties"][name]["default"];
    let lines = asked.or_else(|| RESOLUTIONS.into_iter().find_map(|name| lines(property(name).as_str()?)));
    let is_video = model.kind == Kind::Video;
    let usual = sizes.default.unwrap_or(if is_video { (1280, 720) } else { (1024, 1024) });
    match &sizes.sides {
        Sides::Pairs(pairs) => {
            if let (Some(size), None, None) = (sizes.default, frame, asked) {
                return size;
            }
            let like = frame.unwrap_or(usual);
            // Of one resolution are those with about as many pixels as its 16 by 9 has.
            let area = |lines: u32| u64::from(lines) * u64::from(lines) * 16 / 9;
            let off = |(width, height): Size| {
                lines.map_or(0, |lines| area(lines).abs_diff(u64::from(width) * u64::from(height)))
            };
            pairs.iter().copied().min_by_key(|size| (difference(*size, like), off(*size))).unwrap_or(usual)
        }
        Sides::Listed { .. } => usual,
        Sides::Free { width, height, step } => {
            let of_frame = || scaled(frame.unwrap_or(usual), lines.unwrap_or(usual.0.min(usual.1)));
            let size = if is_video { of_frame() } else { usual };
            let fit = |side: u32, (least, most): Size| side.clamp(least, most) / step.max(&1) * step.max(&1);
            (fit(size.0, *width), fit(size.1, *height))
        }
    }
}

/// How much two sizes differ in their proportions, in tenths; less is not told apart.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a proportion of sides")]
fn difference(one: Size, other: Size) -> u32 {
    let ratio = |(width, height): Size| f64::from(width.max(1)) / f64::from(height.max(1));
    let (one, other) = (ratio(one), ratio(other));
    ((one.max(other) / one.min(other) - 1.0) * 10.0) as u32
}

/// A size of these proportions with a shorter side of so many pixels.
fn scaled((width, height): Size, lines: u32) -> Size {
    let short = u64::from(width.min(height).max(1));
    let fit = |side: u32| u32::try_from(u64::from(side) * u64::from(lines) / short).unwrap_or(u32::MAX);
    (fit(width), fit(height))
}

/// How many lines a word for a resolution stands for.
fn lines(word: &str) -> Option<u32> {
    match word {
        "RESOLUTION_480" | "480p" => Some(480),
        "RESOLUTION_720" | "720p" => Some(720),
        "768p" => Some(768),
        "RESOLUTION_1080" | "1080p" => Some(1080),
        "2k" => Some(1440),
        "4k" => Some(2160),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::state::v2_models::{all, by_slug};

    fn of(slug: &str, parameters: Value, frame: Option<Size>) -> Result<Size, String> {
        size(by_slug(slug).unwrap(), parameters.as_object().unwrap(), frame)
    }

    #[test]
    fn sizes_that_are_asked_for() {
        assert_eq!(of("lucid-origin", json!({"width": 512, "height": 768}), None), Ok((512, 768)));
        assert_eq!(of("motion_2.0", json!({"width": 576, "height": 720}), None), Ok((576, 720)));
        assert!(of("motion_2.0", json!({"width": 576, "height": 768}), None).is_err());
        assert!(of("motion_2.0", json!({"width": 832}), None).is_err());
        assert!(of("motion_2.0", json!({"width": 832, "height": 0}), None).is_err());
        assert_eq!(of("nano-banana-2", json!({"width": 5504, "height": 1264}), None), Ok((1024, 1024)));
        assert!(of("flux-pro-2.0", json!({"width": 14142, "height": 14142}), None).is_err());
        assert_eq!(of("flux-dev", json!({"width": 512}), None), Ok((512, 1024)));
    }

    #[test]
    fn sizes_that_are_chosen() {
        for (slug, parameters, frame, expected) in [
            ("lucid-origin", json!({}), None, (1200, 1200)),
            ("motion_2.0", json!({}), None, (832, 480)),
            ("motion_2.0", json!({"mode": "RESOLUTION_720"}), None, (1280, 720)),
            ("motion_2.0", json!({"width": 0, "height": 0}), Some((600, 1000)), (480, 832)),
            ("wan-2.7", json!({}), None, (1920, 1080)),
            ("wan-2.7", json!({"resolution": "720p"}), None, (1280, 720)),
            ("hailuo-03", json!({}), None, (1376, 768)),
            ("hailuo-03", json!({"resolution": "4k"}), Some((800, 600)), (2880, 2160)),
            ("nano-banana-2", json!({"width": 0, "height": 0}), Some((848, 1264)), (848, 1264)),
            ("kling-3.0", json!({"mode": "RESOLUTION_1080"}), Some((500, 500)), (1440, 1440)),
            ("seedance-2.0", json!({"mode": "RESOLUTION_480"}), Some((100, 200)), (480, 960)),
            ("seedance-2.0-fast", json!({}), None, (1280, 720)),
            ("lucid-origin", json!({}), Some((100, 200)), (1200, 1200)),
        ] {
            assert_eq!(of(slug, parameters, frame), Ok(expected), "{slug}");
        }
    }

    #[test]
    fn every_model_has_a_size_it_takes() {
        for model in all() {
            let Some(sizes) = &model.sizes else { continue };
            for frame in [None, Some((1, 60_000)), Some((60_000, 1)), Some((0, 0))] {
                let (width, height) = size(model, &Map::new(), frame).unwrap();
                let taken = match &sizes.sides {
                    Sides::Pairs(pairs) => pairs.contains(&(width, height)),
                    Sides::Listed { widths, heights } => widths.contains(&width) && heights.contains(&height),
                    Sides::Free { width: wide, height: high, step } => {
                        (wide.0..=wide.1).contains(&width)
                            && (high.0..=high.1).contains(&height)
                            && width % step == 0
                            && height % step == 0
                    }
                };
                assert!(taken, "{} {width} {height}", model.slug);
            }
        }
    }
}
