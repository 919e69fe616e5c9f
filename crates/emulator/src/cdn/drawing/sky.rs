//! The sky: its colours, stars, sun or moon, and clouds.

use super::canvas::{Canvas, blend, mix_pixel};
use super::noise::{Dice, noise2};
use super::palette::Palette;

pub(super) fn sky(canvas: &mut Canvas, light: &Palette, dice: &mut Dice, horizon: f32) {
    let (width, height) = (canvas.width, canvas.height);
    for y in 0..height {
        let down = (y as f32 / horizon).min(1.0);
        let colour = if down < 0.55 {
            blend(light.top, light.middle, down / 0.55)
        } else {
            blend(light.middle, light.horizon, (down - 0.55) / 0.45)
        };
        for pixel in canvas.row(y).chunks_exact_mut(3) {
            pixel.copy_from_slice(&colour);
        }
    }
    if light.night {
        let stars = width * height / 2600;
        for _ in 0..stars {
            let (x, y) = (dice.below(width), dice.below((horizon as usize).max(1)));
            let bright = dice.unit() * dice.unit() * (1.0 - y as f32 / horizon);
            let at = x * 3;
            mix_pixel(&mut canvas.row(y)[at..at + 3], [255, 250, 235], (bright * 256.0) as i32);
        }
    }
    let radius = width.min(height) as f32 * dice.between(0.035, 0.085);
    let x = width as f32 * dice.between(0.14, 0.86);
    let y = horizon * dice.between(0.25, 0.85);
    glow(canvas, light, (x, y), radius, horizon);
    clouds(canvas, light, dice, horizon);
}

/// The sun or the moon and the light about it.
fn glow(canvas: &mut Canvas, light: &Palette, at: (f32, f32), radius: f32, horizon: f32) {
    let reach = radius * 7.5;
    let reach_squared = (reach * reach) as i32;
    let (core, rim) = (((radius - 0.7) * (radius - 0.7)) as i32, ((radius + 0.7) * (radius + 0.7)) as i32);
    let strength = if light.night { 90 } else { 165 };
    let (x0, y0) = (at.0 as i32, at.1 as i32);
    let last = (horizon * 1.3).min(canvas.height as f32) as i32;
    let (left, right) = ((x0 - reach as i32).max(0), (x0 + reach as i32).min(canvas.width as i32 - 1));
    for y in (y0 - reach as i32).max(0)..last.min(y0 + reach as i32) {
        let row = canvas.row(y as usize);
        for x in left..=right {
            let (dx, dy) = (x - x0, y - y0);
            let distance = dx * dx + dy * dy;
            if distance >= reach_squared {
                continue;
            }
            let weight = if distance <= core {
                256
            } else {
                let near = 256 - ((i64::from(distance) << 8) / i64::from(reach_squared)) as i32;
                let square = (near * near) >> 8;
                let halo = (((square * near) >> 8) * strength) >> 8;
                if distance < rim {
                    // The edge of the disc takes a pixel and a half, or it would look cut out.
                    halo + (256 - halo) * (rim - distance) / (rim - core).max(1)
                } else {
                    halo
                }
            };
            let pixel = x as usize * 3;
            mix_pixel(&mut row[pixel..pixel + 3], light.disc, weight);
        }
    }
}

/// Thin clouds: a coarse field of stretched noise, spread smoothly over the pixels.
fn clouds(canvas: &mut Canvas, light: &Palette, dice: &mut Dice, horizon: f32) {
    const CELL: usize = 8;
    let seed = dice.next();
    let cover = dice.between(0.50, 0.66);
    let tint = blend(light.horizon, light.disc, 0.45);
    let strength = if light.night { 70.0 } else { 150.0 };
    let columns = canvas.width / CELL + 2;
    let rows = (horizon as usize).min(canvas.height);
    let scale = canvas.width.max(canvas.height) as f32 / CELL as f32;
    let field = |row: usize| -> Vec<i32> {
        (0..columns)
            .map(|column| {
                let (x, y) = (column as f32 / scale * 4.0, row as f32 / scale * 22.0);
                let dense = noise2(seed, x, y) * 0.55
                    + noise2(seed ^ 1, x * 2.1, y * 2.1) * 0.3
                    + noise2(seed ^ 2, x * 4.3, y * 4.3) * 0.15;
                (((dense - cover) * 3.0).clamp(0.0, 1.0) * strength) as i32
            })
            .collect()
    };
    let mut upper = field(0);
    for cell_row in 0..rows.div_ceil(CELL) {
        let lower = field(cell_row + 1);
        if upper.iter().chain(&lower).any(|dense| *dense > 0) {
            for step in 0..CELL.min(rows - cell_row * CELL) {
                let down = step as i32;
                let row = canvas.row(cell_row * CELL + step);
                let across = |column: usize| upper[column] * (CELL as i32 - down) + lower[column] * down;
                for (column, pixels) in row.chunks_mut(CELL * 3).enumerate() {
                    let (left, right) = (across(column), across(column + 1));
                    if left == 0 && right == 0 {
                        continue;
                    }
                    for (step, pixel) in pixels.chunks_exact_mut(3).enumerate() {
                        let weight = (left * (CELL - step) as i32 + right * step as i32) / (CELL * CELL) as i32;
                        mix_pixel(pixel, tint, weight);
                    }
                }
            }
        }
        upper = lower;
    }
}
