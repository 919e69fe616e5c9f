//! Pictures: small landscapes, drawn from the prompt, the seed and the image's place in its generation.
//!
//! The same input gives the same bytes in every process. Only additions, multiplications, divisions and square roots
//! are used, since their results do not depend on the platform.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "pixel arithmetic on sides of at most 1536"
)]

mod canvas;
mod land;
mod noise;
mod palette;
mod sky;

use std::io;

use canvas::{Canvas, encode_jpeg, encode_png, grain};
use land::{Ridge, Shape, land, plant, reflect, seat_cat};
use noise::Dice;
use palette::{PALETTES, Wishes};
use sky::sky;

use crate::state::ids::{hash, mix};

/// What a picture is made from.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) prompt: std::sync::Arc<str>,
    pub(crate) seed: i64,
    pub(crate) index: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Without a sky, as a PNG.
    pub(crate) transparent: bool,
}

impl Subject {
    /// A number that differs when the picture does.
    pub(crate) fn fingerprint(&self) -> u64 {
        let sides = u64::from(self.width) << 32 | u64::from(self.height);
        [self.seed as u64, u64::from(self.index), sides, u64::from(self.transparent)]
            .iter()
            .fold(hash(self.prompt.as_bytes()), |state, part| mix(state ^ mix(*part)))
    }

    /// The file's bytes: a JPEG, or a PNG when transparent.
    pub(crate) fn draw(&self) -> io::Result<Vec<u8>> {
        let mut canvas = Canvas::new(self.width as usize, self.height as usize);
        let skyline = paint(self, &mut canvas);
        if self.transparent { encode_png(&canvas, &skyline) } else { encode_jpeg(&canvas) }
    }
}

/// Paints the scene; returns for each column where the sky ends.
fn paint(subject: &Subject, canvas: &mut Canvas) -> Vec<f32> {
    let (width, height) = (canvas.width, canvas.height);
    let mut dice = Dice(subject.fingerprint());
    let wishes = Wishes::of(&subject.prompt);
    let of_prompt = hash(subject.prompt.as_bytes());
    let mut light = PALETTES[wishes.palette.unwrap_or(of_prompt as usize % PALETTES.len())];
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

    fn subject(prompt: &str, seed: i64, index: u32) -> Subject {
        Subject { prompt: prompt.into(), seed, index, width: 136, height: 104, transparent: false }
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
        let bytes = subject("a", 1, 0).draw().unwrap();
        assert_eq!(bytes, subject("a", 1, 0).draw().unwrap());
        for other in [subject("b", 1, 0), subject("a", 2, 0), subject("a", 1, 1)] {
            assert_ne!(other.draw().unwrap(), bytes);
            assert_ne!(other.fingerprint(), subject("a", 1, 0).fingerprint());
        }
    }
}
