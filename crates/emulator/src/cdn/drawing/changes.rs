//! What is done to a picture after it was painted.

use super::canvas::{Canvas, blend, mix_pixel};
use super::paint;
use super::palette::{PALETTES, Palette};
use crate::state::subject::{Change, Subject};

/// A picture and, where parts of it are to be transparent, how much each pixel covers.
pub(super) struct Image {
    pub(super) canvas: Canvas,
    pub(super) alpha: Option<Vec<u8>>,
}

/// Paints a picture and does to it all that is to be done.
pub(super) fn compose(subject: &Subject) -> Image {
    let with_alpha = subject.has_alpha();
    let first = painted(subject, with_alpha);
    (1..).zip(&subject.changes).fold(first, |image, (number, change)| match *change {
        Change::Scaled(width, height) => scaled(&image, width as usize, height as usize),
        Change::Unzoomed(width, height) => {
            // Painted as another picture of the same prompt and seed, since it shows more than the first.
            let around = Subject { width, height, index: subject.index + 100 * number, ..subject.clone() };
            set_into(painted(&around, with_alpha), &image)
        }
        // Whether anything is transparent was settled before painting.
        Change::Cut => image,
        Change::Relit(light) => relit(image, &PALETTES[usize::from(light) % PALETTES.len()]),
    })
}

fn painted(subject: &Subject, with_alpha: bool) -> Image {
    let mut canvas = Canvas::new(subject.width as usize, subject.height as usize);
    let skyline = paint(subject, &mut canvas);
    let alpha = with_alpha.then(|| {
        let covers = |y: usize| skyline.iter().map(move |top| ((y as f32 + 1.0 - top).clamp(0.0, 1.0) * 255.0) as u8);
        (0..canvas.height).flat_map(covers).collect()
    });
    Image { canvas, alpha }
}

/// The picture in another size. Where the proportions differ, the middle is kept.
pub(super) fn scaled(image: &Image, width: usize, height: usize) -> Image {
    let source = &image.canvas;
    let scale = (source.width as f32 / width as f32).min(source.height as f32 / height as f32);
    let window = Window::centred(source, width as f32 * scale, height as f32 * scale);
    let size = (source.width, source.height);
    Image {
        canvas: window.of(source, width, height),
        alpha: image.alpha.as_ref().map(|alpha| window.resample::<1>(alpha, size, width, height)),
    }
}

/// The picture with the colours of a light over it, from the top of the sky to the ground.
fn relit(mut image: Image, light: &Palette) -> Image {
    const WEIGHT: i32 = 110;
    let Canvas { width, height, rgb } = &mut image.canvas;
    for (y, row) in rgb.chunks_exact_mut(*width * 3).enumerate() {
        let place = y as f32 * 2.0 / *height as f32;
        let colour = if place < 1.0 {
            blend(light.top, light.horizon, place)
        } else {
            blend(light.horizon, light.near, place - 1.0)
        };
        for pixel in row.chunks_exact_mut(3) {
            mix_pixel(pixel, colour, WEIGHT);
        }
    }
    image
}

/// A part of the picture, from this corner on.
pub(super) fn part(image: &Image, (left, top): (usize, usize), (width, height): (usize, usize)) -> Image {
    let source = image.canvas.width;
    let rgb = cut_rows::<3>(&image.canvas.rgb, source, (left, top), (width, height));
    let alpha = image.alpha.as_ref().map(|alpha| cut_rows::<1>(alpha, source, (left, top), (width, height)));
    Image { canvas: Canvas { width, height, rgb }, alpha }
}

fn cut_rows<const N: usize>(
    from: &[u8],
    from_width: usize,
    (left, top): (usize, usize),
    (width, height): (usize, usize),
) -> Vec<u8> {
    let rows = from.chunks_exact(from_width * N).skip(top).take(height);
    rows.flat_map(|row| row.get(left * N..(left + width) * N).unwrap_or_default()).copied().collect()
}

/// Puts a picture into the middle of a larger one.
fn set_into(mut around: Image, inner: &Image) -> Image {
    let (outer_width, inner_width) = (around.canvas.width, inner.canvas.width);
    let left = outer_width.saturating_sub(inner_width) / 2;
    let top = around.canvas.height.saturating_sub(inner.canvas.height) / 2;
    copy_rows::<3>(&mut around.canvas.rgb, outer_width, &inner.canvas.rgb, inner_width, left, top);
    if let (Some(outer), Some(inner)) = (&mut around.alpha, &inner.alpha) {
        copy_rows::<1>(outer, outer_width, inner, inner_width, left, top);
    }
    around
}

fn copy_rows<const N: usize>(to: &mut [u8], width: usize, from: &[u8], from_width: usize, left: usize, top: usize) {
    let rows = to.chunks_exact_mut(width * N).skip(top);
    for (to, from) in rows.zip(from.chunks_exact(from_width * N)) {
        if let Some(place) = to.get_mut(left * N..(left + from_width) * N) {
            place.copy_from_slice(from);
        }
    }
}

/// A part of a picture, in pixels.
pub(super) struct Window {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

impl Window {
    /// The middle of a picture.
    pub(super) fn centred(canvas: &Canvas, width: f32, height: f32) -> Self {
        let (left, top) = ((canvas.width as f32 - width) / 2.0, (canvas.height as f32 - height) / 2.0);
        Self { left, top, width, height }
    }

    /// What is in the window, in another size.
    pub(super) fn of(&self, canvas: &Canvas, width: usize, height: usize) -> Canvas {
        Canvas { width, height, rgb: self.resample::<3>(&canvas.rgb, (canvas.width, canvas.height), width, height) }
    }

    /// Bilinear, with `N` values for each pixel.
    fn resample<const N: usize>(&self, source: &[u8], size: (usize, usize), width: usize, height: usize) -> Vec<u8> {
        let columns = steps(self.left, self.width, size.0, width);
        let mut values = Vec::with_capacity(width * height * N);
        for (y, next_y, down) in steps(self.top, self.height, size.1, height) {
            let (row, next_row) =
                (&source[y * size.0 * N..][..size.0 * N], &source[next_y * size.0 * N..][..size.0 * N]);
            for &(x, next_x, right) in &columns {
                for channel in 0..N {
                    let at = |row: &[u8], x: usize| i32::from(row[x * N + channel]);
                    let across = |row| at(row, x) * 256 + (at(row, next_x) - at(row, x)) * right;
                    let (upper, lower) = (across(row), across(next_row));
                    values.push(((upper * 256 + (lower - upper) * down) >> 16) as u8);
                }
            }
        }
        values
    }
}

/// For each pixel of a side: the two pixels of the source it lies between, and how far from the first, in 256ths.
fn steps(start: f32, length: f32, source: usize, target: usize) -> Vec<(usize, usize, i32)> {
    let last = source - 1;
    let step = |at: usize| {
        let place = (start + (at as f32 + 0.5) * length / target as f32 - 0.5).clamp(0.0, last as f32);
        let first = (place as usize).min(last);
        (first, (first + 1).min(last), ((place - first as f32) * 256.0) as i32)
    };
    (0..target).map(step).collect()
}
