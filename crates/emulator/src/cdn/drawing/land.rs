//! The land: ridges one behind the other, what stands on them, and water.

use super::canvas::{Canvas, Colour, blend, mix_pixel};
use super::noise::{Dice, noise1};
use super::palette::Palette;

/// The upper edge of one layer of land, near or far, bare and with what stands on it.
pub(super) struct Ridge {
    pub(super) depth: f32,
    pub(super) ground: Vec<f32>,
    pub(super) outline: Vec<f32>,
}

/// The form of a layer's upper edge.
pub(super) struct Shape {
    pub(super) base: f32,
    pub(super) swing: f32,
    pub(super) waves: f32,
    pub(super) octaves: u32,
    pub(super) sharp: bool,
}

impl Shape {
    pub(super) fn ridge(&self, width: usize, height: usize, dice: &mut Dice) -> Vec<f32> {
        let seed = dice.next();
        let scale = self.waves / width.max(height) as f32;
        (0..width)
            .map(|x| {
                let (mut sum, mut size, mut fine) = (0.0, 1.0, 1.0);
                for octave in 0..self.octaves {
                    let value = noise1(seed ^ u64::from(octave), x as f32 * scale * fine) * 2.0 - 1.0;
                    sum += size * if self.sharp { 0.9 - value.abs() * 2.0 } else { value };
                    size *= if self.sharp { 0.48 } else { 0.42 };
                    fine *= 2.1;
                }
                self.base - self.swing * sum
            })
            .collect()
    }
}

/// Sets conifers on a ridge. They only raise it, so a tree costs no more to draw than the ground.
pub(super) fn plant(ridge: &mut [f32], tallest: f32, dice: &mut Dice) {
    if tallest < 3.0 {
        return;
    }
    let mut x = -(tallest * dice.unit());
    let grove = dice.next();
    while x < ridge.len() as f32 + tallest {
        // Trees stand together and leave clearings.
        let dense = noise1(grove, x / ridge.len() as f32 * 5.0);
        if dense > 0.42 {
            let tall = tallest * dice.between(0.45, 1.0);
            let half = tall * dice.between(0.16, 0.22);
            let foot = ridge[(x.max(0.0) as usize).min(ridge.len() - 1)];
            let first = (x - half).max(0.0) as usize;
            let last = ((x + half).max(0.0) as usize).min(ridge.len());
            for (column, top) in ridge.iter_mut().enumerate().take(last).skip(first) {
                let aside = ((column as f32 - x) / half).abs().min(1.0);
                // Branches: the outline falls in steps, a little up again at each.
                let branch = aside * 6.0;
                let jag = (branch - branch.floor() - 0.5) * 0.09;
                *top = top.min(foot - tall * (1.0 - aside + jag * aside.min(0.4)));
            }
        }
        x += tallest * dice.between(0.10, 0.42);
    }
}

/// A cat sits on the nearest hill of those who ask for one; seen from behind, so that its outline is all there is.
pub(super) fn seat_cat(ridge: &mut [f32], width: usize, height: usize, dice: &mut Dice) {
    let size = width.min(height) as f32 * dice.between(0.24, 0.31);
    let centre = width as f32 * dice.between(0.25, 0.75);
    let foot = ridge[centre as usize] + size * 0.04;
    let dome = |x: f32, at: f32, half: f32, tall: f32, floor: f32| -> f32 {
        let aside = (x - at) / half;
        if aside.abs() >= 1.0 { 0.0 } else { floor + tall * (1.0 - aside * aside).sqrt() }
    };
    // Steep outside, sloping towards the other ear.
    let ear = |x: f32, side: f32| -> f32 {
        let inward = 0.155 - x * side;
        let rise = if inward < 0.0 { 1.0 + inward / 0.035 } else { 1.0 - inward / 0.12 };
        if rise <= 0.0 { 0.0 } else { 0.76 + 0.26 * rise }
    };
    for (column, top) in ridge.iter_mut().enumerate() {
        let x = (column as f32 - centre) / size;
        if x.abs() > 0.8 {
            continue;
        }
        let outline = dome(x, 0.0, 0.27, 0.60, 0.0)
            .max(dome(x, 0.0, 0.37, 0.38, 0.0))
            .max(dome(x, 0.0, 0.20, 0.27, 0.60))
            .max(ear(x, -1.0))
            .max(ear(x, 1.0))
            .max(dome(x, 0.42, 0.26, 0.17, 0.0))
            .max(dome(x, 0.60, 0.075, 0.27, 0.0));
        *top = top.min(foot - outline * size);
    }
}

/// One layer of land, paler the farther and the lower: mist gathers between the layers.
pub(super) fn land(
    canvas: &mut Canvas,
    light: &Palette,
    ridge: &Ridge,
    hidden_by: &[Ridge],
    floor: usize,
    capped: bool,
) {
    let (width, height, depth) = (canvas.width, canvas.height, ridge.depth);
    let haze = blend(light.horizon, light.middle, 0.25);
    let ground = blend(haze, light.near, 0.22 + 0.78 * depth);
    let mist = blend(ground, haze, 0.62 - 0.5 * depth);
    let reach = height as f32 * 0.26;
    let shades: Vec<Colour> = (0..height)
        .map(|below| {
            let t = (below as f32 / reach).min(1.0);
            let cap = height as f32 * (0.05 + 0.05 * depth);
            let shade = blend(ground, mist, t * t * (3.0 - 2.0 * t));
            let white = (1.0 - below as f32 / cap).max(0.0);
            if capped { blend(shade, [250, 252, 255], white * white * (0.75 - 0.45 * depth)) } else { shade }
        })
        .collect();
    for (x, (top, bare)) in ridge.outline.iter().zip(&ridge.ground).enumerate() {
        let end = hidden_by.iter().map(|nearer| nearer.outline[x].max(0.0) as usize + 1).min().unwrap_or(floor);
        let end = end.min(floor).min(height);
        let start = top.max(0.0);
        let first = start as usize;
        if first >= end {
            continue;
        }
        // What stands on the ground has its colour, and neither its mist nor its snow.
        let standing = (bare.max(start) as usize - first).min(end - first);
        let mut at = (first * width + x) * 3;
        // The edge covers a part of its first pixel.
        let part = ((1.0 - (start - first as f32)) * 256.0) as i32;
        mix_pixel(&mut canvas.rgb[at..at + 3], if standing > 0 { ground } else { shades[0] }, part);
        for _ in 1..standing {
            at += width * 3;
            canvas.rgb[at..at + 3].copy_from_slice(&ground);
        }
        let rest = end - first - standing.max(1);
        for shade in &shades[usize::from(standing == 0)..][..rest] {
            at += width * 3;
            canvas.rgb[at..at + 3].copy_from_slice(shade);
        }
    }
}

/// Water from the shore down: what stands above it upside down, moved sideways by ripples.
pub(super) fn reflect(canvas: &mut Canvas, shore: usize, light: &Palette, dice: &mut Dice) {
    let (width, height) = (canvas.width, canvas.height);
    let seed = dice.next();
    let deep = blend(light.middle, light.near, 0.35);
    let mut mirror = vec![0; width * 3];
    for y in shore..height {
        let below = y - shore;
        let source = shore.saturating_sub(1 + below * 5 / 4);
        mirror.copy_from_slice(canvas.row(source));
        let ripple = noise1(seed, below as f32 * 0.35) - 0.5;
        let shift = (ripple * (2.0 + below as f32 * 0.10)) as i32;
        let pale = (70.0 + 110.0 * below as f32 / height as f32) as i32;
        let glint = if noise1(seed ^ 1, below as f32 * 0.9) > 0.78 { 22 } else { 0 };
        for (x, pixel) in canvas.row(y).chunks_exact_mut(3).enumerate() {
            let from = (x as i32 + shift).clamp(0, width as i32 - 1) as usize * 3;
            pixel.copy_from_slice(&mirror[from..from + 3]);
            mix_pixel(pixel, deep, pale);
            mix_pixel(pixel, light.horizon, glint);
        }
    }
}
