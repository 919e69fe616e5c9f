//! The pictures of a texture: a scene, and what its brightness would be as a relief.

use std::io;

use png::ColorType;

use super::canvas::{Canvas, write_png};
use super::changes::compose;
use crate::state::picture::Map;
use crate::state::subject::Subject;

/// How far around a pixel its height is smoothed, since the grain of the scene is none of the relief.
const SMOOTH: usize = 2;
/// How far around a pixel the land is that shades it.
const AROUND: usize = 16;

/// The bytes of a PNG file.
pub(super) fn draw(subject: &Subject, map: Map) -> io::Result<Vec<u8>> {
    let scene = compose(subject).canvas;
    let (color, pixels) = match map {
        Map::Albedo => (ColorType::Rgb, scene.rgb),
        Map::Normal => (ColorType::Rgb, Relief::of(&scene).normals()),
        Map::Roughness => (ColorType::Grayscale, Relief::of(&scene).roughness()),
        Map::Displacement => (ColorType::Grayscale, Relief::of(&scene).displacement()),
        Map::HdrpMask => (ColorType::Rgba, Relief::of(&scene).mask()),
    };
    write_png(scene.width, scene.height, color, &pixels)
}

/// A surface: the brighter, the higher.
struct Relief {
    width: usize,
    /// From 0 to 65,280, row by row.
    heights: Vec<u32>,
}

impl Relief {
    fn of(scene: &Canvas) -> Self {
        let weigh = |pixel: &[u8]| match *pixel {
            // The parts of the primary colours in the brightness, in 256ths.
            [red, green, blue] => 54 * u32::from(red) + 183 * u32::from(green) + 19 * u32::from(blue),
            _ => 0,
        };
        let heights: Vec<u32> = scene.rgb.chunks_exact(3).map(weigh).collect();
        let once = smoothed(&heights, scene.width, SMOOTH);
        Self { width: scene.width, heights: smoothed(&once, scene.width, SMOOTH) }
    }

    /// Which way the surface faces: x to the right in red, y up in green, out of the surface in blue.
    fn normals(&self) -> Vec<u8> {
        const STEEP: f32 = 6.0;
        let (width, last_row) = (self.width, (self.heights.len() / self.width).saturating_sub(1));
        let height =
            |x: usize, y: usize| self.heights.get(y * width + x).map_or(0.0, |height| *height as f32 / 65_280.0);
        let channel = |part: f32| ((part * 0.5 + 0.5) * 255.0 + 0.5) as u8;
        let mut pixels = Vec::with_capacity(self.heights.len() * 3);
        for y in 0..=last_row {
            for x in 0..width {
                let right = height(x.saturating_sub(1), y) - height((x + 1).min(width - 1), y);
                let up = height(x, (y + 1).min(last_row)) - height(x, y.saturating_sub(1));
                let (right, up) = (right * STEEP, up * STEEP);
                let length = (right * right + up * up + 1.0).sqrt();
                pixels.extend([channel(right / length), channel(up / length), channel(1.0 / length)]);
            }
        }
        pixels
    }

    /// What is bright is smoother.
    fn roughness(&self) -> Vec<u8> {
        self.heights.iter().map(|height| 240 - (height * 5 / 8 / 256) as u8).collect()
    }

    /// From black at the lowest place to white at the highest.
    fn displacement(&self) -> Vec<u8> {
        let least = self.heights.iter().min().copied().unwrap_or(0);
        let most = self.heights.iter().max().copied().unwrap_or(0);
        let range = (most - least).max(1);
        self.heights.iter().map(|height| ((height - least) * 255 / range) as u8).collect()
    }

    /// As Unity's HDRP packs it: metal in red, ambient occlusion in green, where details show in blue, and smoothness
    /// as alpha. Nothing is of metal, and hollows are darker.
    fn mask(&self) -> Vec<u8> {
        let around = smoothed(&self.heights, self.width, AROUND);
        let roughness = self.roughness();
        let pixels = self.heights.iter().zip(&around).zip(roughness);
        pixels
            .flat_map(|((height, around), rough)| {
                let hollow = (around.saturating_sub(*height) / 128).min(200) as u8;
                [0, 255 - hollow, 255, 255 - rough]
            })
            .collect()
    }
}

/// Each value the mean of those around it, up to so many away in both directions.
fn smoothed(values: &[u32], width: usize, reach: usize) -> Vec<u32> {
    let mut result = vec![0; values.len()];
    for (row, result) in values.chunks_exact(width).zip(result.chunks_exact_mut(width)) {
        mean(row, result, reach);
    }
    let height = values.len() / width;
    let (mut column, mut means) = (vec![0; height], vec![0; height]);
    for x in 0..width {
        for (value, row) in column.iter_mut().zip(result.chunks_exact(width)) {
            *value = row[x];
        }
        mean(&column, &mut means, reach);
        for (value, row) in means.iter().zip(result.chunks_exact_mut(width)) {
            row[x] = *value;
        }
    }
    result
}

/// At the ends there are fewer to take the mean of.
fn mean(values: &[u32], result: &mut [u32], reach: usize) {
    let mut sum: u32 = values.iter().take(reach).sum();
    for (at, result) in result.iter_mut().enumerate() {
        sum += values.get(at + reach).copied().unwrap_or(0);
        let first = at.saturating_sub(reach);
        let count = (at + reach + 1).min(values.len()) - first;
        *result = sum / count as u32;
        if at >= reach {
            sum -= values[first];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means() {
        let of = |values: &[u32], reach| {
            let mut result = vec![0; values.len()];
            mean(values, &mut result, reach);
            result
        };
        assert_eq!(of(&[0, 3, 6, 9, 12], 1), [1, 3, 6, 9, 10]);
        assert_eq!(of(&[4, 8], 16), [6, 6]);
        assert_eq!(of(&[], 2), [0; 0]);
    }

    /// A slope that rises to the right by so much a pixel, and to the bottom.
    fn slope(right: u32, down: u32) -> Relief {
        let heights = (0..8).flat_map(|y| (0..8).map(move |x| 1000 + x * right + y * down)).collect();
        Relief { width: 8, heights }
    }

    fn middle(pixels: &[u8], channels: usize) -> &[u8] {
        &pixels[(4 * 8 + 4) * channels..][..channels]
    }

    #[test]
    fn slopes_face_away_from_where_they_rise() {
        assert_eq!(middle(&slope(0, 0).normals(), 3), [128, 128, 255]);
        let [red, green, blue] = *middle(&slope(900, 0).normals(), 3) else { panic!() };
        assert!(red < 118 && green == 128 && blue > 240, "{red} {green} {blue}");
        // What rises towards the bottom faces up.
        let [red, green, blue] = *middle(&slope(0, 900).normals(), 3) else { panic!() };
        assert!(red == 128 && green > 138 && blue > 240, "{red} {green} {blue}");
    }

    #[test]
    fn heights_become_grey() {
        let grey = slope(100, 0).displacement();
        assert_eq!((grey[0], grey[7], grey[63]), (0, 255, 255));
        let bright = Relief { width: 2, heights: vec![0, 65_280] };
        assert_eq!(bright.roughness(), [240, 81]);
        let mask = bright.mask();
        assert_eq!((mask[0], mask[2], mask[3], mask[7]), (0, 255, 15, 174));
        assert!(mask[1] < mask[5], "the hollow is darker");
    }
}
