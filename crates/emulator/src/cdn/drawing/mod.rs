//! Pictures and films: small landscapes, drawn from the prompt, the seed and the image's place in its generation.
//!
//! The same input gives the same bytes in every process. Only additions, multiplications, divisions and square roots
//! are used, since their results do not depend on the platform.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "pixel arithmetic on sides of a few thousand"
)]

mod canvas;
mod changes;
mod cut_out;
mod decode;
mod film;
mod land;
mod maps;
mod mp4;
mod noise;
mod palette;
mod sky;

use std::io;

use canvas::{Canvas, encode_jpeg, encode_png, grain};
use changes::{Image, compose};
use land::{Ridge, Shape, land, plant, reflect, seat_cat};
use noise::Dice;
use palette::{PALETTES, Wishes};
use sky::sky;

use crate::state::ids::hash;
use crate::state::picture::Drawing;
use crate::state::subject::Subject;

/// The file's bytes.
pub(super) fn draw(drawing: &Drawing) -> io::Result<Vec<u8>> {
    match drawing {
        Drawing::Film(film) => film::draw(film),
        Drawing::CutOut(cut_out) => cut_out::draw(cut_out),
        Drawing::Texture(subject, map) => maps::draw(subject, *map),
        Drawing::Picture(subject) => {
            let Image { canvas, alpha } = compose(subject);
            match alpha {
                Some(alpha) => encode_png(&canvas, &alpha),
                None => encode_jpeg(&canvas),
            }
        }
    }
}

/// The number of the light that a prompt asks for by a word, or else has by chance.
pub(crate) fn light_of(prompt: &str) -> u8 {
    let by_chance = || hash(prompt.as_bytes()) as usize % PALETTES.len();
    Wishes::of(prompt).palette.unwrap_or_else(by_chance) as u8
}

/// Paints the scene; returns for each column where the sky ends.
fn paint(subject: &Subject, canvas: &mut Canvas) -> Vec<f32> {
    let (width, height) = (canvas.width, canvas.height);
    let mut dice = Dice(subject.scene());
    let wishes = Wishes::of(&subject.prompt);
    let mut light = PALETTES[usize::from(light_of(&subject.prompt))];
    // Pictures of one prompt belong together without being copies of each other.
    for colour in [&mut light.top, &mut light.middle, &mut light.near] {
        for channel in colour.iter_mut() {
            *channel = channel.saturating_add_signed(dice.between(-9.0, 9.0) as i8);
        }
    }

    let water = wishes.water || (!wishes.dunes && !wishes.cat && dice.unit() < 0.25);
    let mountains = wishes.mountains || (!wishes.dunes && dice.unit() < 0.45);
    let trees = wishes.trees || (!wishes.dunes && dice.unit() < 0.4);
    let horizon = height as f32 * dice.between(0.40, 0.56);

    sky(canvas, &light, &mut dice, horizon);

    let shore = if water { (horizon + (height as f32 - horizon) * dice.between(0.30, 0.45)) as usize } else { height };
    let layers = if height < 96 { 4 } else { 5 + dice.below(3) };
    let mut ridges = Vec::new();
    for layer in 0..layers {
        let depth = layer as f32 / (layers - 1) as f32;
        let shape = Shape {
            base: horizon + (height as f32 * 0.93 - horizon) * (depth * depth * 0.45 + depth * 0.55),
            swing: height as f32 * dice.between(0.07, 0.12) * (1.25 - 0.45 * depth),
            waves: if wishes.dunes { 1.3 + depth } else { 1.8 + 1.6 * depth },
            octaves: if wishes.dunes { 2 } else { 5 },
            sharp: mountains && depth < 0.55,
        };
        let ground = shape.ridge(width, height, &mut dice);
        let mut outline = ground.clone();
        if wishes.cat && layer == layers - 1 {
            seat_cat(&mut outline, width, height, &mut dice);
        } else if trees && depth > 0.45 {
            plant(&mut outline, height as f32 * (0.02 + 0.085 * depth * depth), &mut dice);
        }
        ridges.push(Ridge { depth, ground, outline });
    }

    // In scenes with water the far layers end at the shore and the nearest stands before the water.
    let far = if water { layers - 1 - layers / 3 } else { layers };
    let mut skyline = vec![height as f32; width];
    for number in 0..layers {
        if water && number >= far && number != layers - 1 {
            continue;
        }
        let ridge = &ridges[number];
        if water && number == layers - 1 {
            reflect(canvas, shore, &light, &mut dice);
        }
        let floor = if number < far { shore } else { height };
        let hidden_by: &[Ridge] = if water { &[] } else { &ridges[number + 1..] };
        let capped = wishes.snow || (mountains && ridge.depth < 0.5 && !light.night);
        land(canvas, &light, ridge, hidden_by, floor, capped);
        for (sky, top) in skyline.iter_mut().zip(&ridge.outline) {
            if *top < floor as f32 {
                *sky = sky.min(*top);
            }
        }
    }
    if water {
        for sky in &mut skyline {
            *sky = sky.min(shore as f32);
        }
    }
    grain(canvas, &mut dice);
    skyline
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::subject::Change;

    fn subject(prompt: &str, seed: i64, index: u32) -> Subject {
        Subject { index, ..Subject::plain(prompt.into(), seed, 136, 104) }
    }

    fn bytes(subject: Subject) -> Vec<u8> {
        draw(&Drawing::Picture(subject)).unwrap()
    }

    #[test]
    fn every_size_can_be_drawn() {
        let sides = [32, 40, 104, 512, 1536];
        for width in sides {
            for height in sides {
                if width * height > 800_000 {
                    continue;
                }
                for (seed, prompt) in ["cat", "sea and forest", "night mountains", "dunes", ""].iter().enumerate() {
                    let subject = Subject { width, height, ..subject(prompt, seed as i64, 0) };
                    let mut canvas = Canvas::new(width as usize, height as usize);
                    assert_eq!(paint(&subject, &mut canvas).len(), width as usize);
                }
            }
        }
    }

    #[test]
    fn the_same_input_the_same_picture() {
        let first = bytes(subject("a", 1, 0));
        assert_eq!(first, bytes(subject("a", 1, 0)));
        for other in [subject("b", 1, 0), subject("a", 2, 0), subject("a", 1, 1)] {
            assert_ne!(other.fingerprint(), subject("a", 1, 0).fingerprint());
            assert_ne!(bytes(other), first);
        }
    }

    #[test]
    fn an_unzoomed_picture_has_the_first_in_its_middle() {
        let before = compose(&subject("sea", 1, 0)).canvas;
        let after = compose(&subject("sea", 1, 0).changed(Change::Unzoomed(200, 150))).canvas;
        assert_eq!((after.width, after.height), (200, 150));
        for y in 0..104 {
            let start = ((y + 23) * 200 + 32) * 3;
            assert_eq!(after.rgb[start..start + 136 * 3], before.rgb[y * 136 * 3..(y + 1) * 136 * 3]);
        }
        let flat = |row: &[u8]| row.iter().all(|value| *value == row[0]);
        assert!(!flat(&after.rgb[..600]), "around it is a picture as well");
    }

    #[test]
    fn a_relit_picture_shows_the_same_in_other_colours() {
        let shown = |change: Option<u8>| {
            let plain = subject("sea", 1, 0);
            compose(&change.map_or(plain.clone(), |light| plain.changed(Change::Relit(light)))).canvas.rgb
        };
        let (before, night, sunset) = (shown(None), shown(Some(light_of("at night"))), shown(Some(light_of("sunset"))));
        let sum = |rgb: &[u8]| rgb.iter().map(|value| u64::from(*value)).sum::<u64>();
        assert!(sum(&night) < sum(&before) && sum(&night) < sum(&sunset));
        // Within a row all pixels move by the same part towards the same colour, so what is equal stays equal.
        let row = 136 * 3;
        for (x, y) in [(0, 3), (30, 90), (60, 120)] {
            let equal = |rgb: &[u8]| rgb[row + x..row + x + 3] == rgb[row + y..row + y + 3];
            assert!(!equal(&before) || equal(&night));
        }
        assert!(shown(Some(255)).len() == before.len(), "any number is a light");
    }

    #[test]
    fn a_scaled_picture_shows_the_same() {
        let before = compose(&subject("sea", 1, 0));
        let larger = compose(&subject("sea", 1, 0).changed(Change::Scaled(272, 208)));
        assert_eq!(larger.canvas.rgb.len(), 272 * 208 * 3);
        let again = changes::scaled(&larger, 136, 104).canvas.rgb;
        let change: u64 = again.iter().zip(&before.canvas.rgb).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(change < 6 * again.len() as u64, "{change}");
    }
}
