//! Pictures without their background. Of those that are drawn here it is known where the sky ends; of others everything is
//! background that has about the colour of the border and hangs together with it.

use std::io;
use std::ops::Range;

use image_webp::{ColorType as WebpColour, WebPEncoder};
use png::ColorType;

use super::canvas::{Canvas, encode_jpeg, write_png};
use super::changes::{Image, compose, part, scaled};
use super::decode::decode;
use crate::state::cut_out::{CutOut, Cutting, Format, Length, Origin};
use crate::state::subject::Change;

/// The file's bytes.
pub(super) fn draw(cut_out: &CutOut) -> io::Result<Vec<u8>> {
    let CutOut { source, background, cutting } = cut_out;
    let mut image = match source {
        Origin::Drawn(subject) => compose(&subject.clone().changed(Change::Cut)),
        Origin::File(_) => without_border(open(source)?),
    };
    let size = (image.canvas.width, image.canvas.height);
    let mut alpha = image.alpha.take().unwrap_or_else(|| vec![255; size.0 * size.1]);
    if let Some(region) = cutting.region {
        clear_outside(&mut alpha, size, region);
    }
    if cutting.hard {
        alpha.iter_mut().for_each(|cover| *cover = if *cover < 128 { 0 } else { 255 });
    }
    let inner = cutting.crop.and_then(|margins| bounds(&alpha, size, margins));
    image.alpha = Some(alpha);
    if let Some((left, top, width, height)) = inner {
        image = part(&image, (left, top), (width, height));
    }
    if let Some((width, height)) = smaller(&image.canvas, cutting) {
        image = scaled(&image, width, height);
    }
    if !cutting.mask {
        if let Some(background) = background {
            let behind = scaled(&open(background)?, image.canvas.width, image.canvas.height);
            put_behind(&mut image, |at| behind.canvas.rgb.get(at * 3..at * 3 + 3), 255);
        } else if let Some([red, green, blue, cover]) = cutting.colour {
            let colour = [red, green, blue];
            put_behind(&mut image, |_| Some(&colour), cover);
        }
    }
    encode(&image, cutting)
}

/// The whole picture.
fn open(origin: &Origin) -> io::Result<Image> {
    match origin {
        Origin::Drawn(subject) => Ok(compose(subject)),
        Origin::File(given) => decode(&given.bytes().ok_or(io::ErrorKind::NotFound)?),
    }
}

/// How unlike the border a pixel is that is no background any more, and one of which nothing is left.
const FAR: u8 = 72;
const NEAR: u8 = 36;

/// Makes transparent what is like the border and hangs together with it.
fn without_border(mut image: Image) -> Image {
    let Canvas { width, height, rgb } = &image.canvas;
    let (width, height) = (*width, *height);
    let pixel = |at: usize| rgb.get(at * 3..at * 3 + 3).unwrap_or_default();
    let edge: Vec<usize> = (0..width)
        .flat_map(|x| [x, (height - 1) * width + x])
        .chain((0..height).flat_map(|y| [y * width, y * width + width - 1]))
        .collect();
    let background: Vec<u8> = (0..3)
        .map(|channel| {
            let mut values: Vec<u8> = edge.iter().filter_map(|at| pixel(*at).get(channel).copied()).collect();
            let middle = values.len() / 2;
            if values.is_empty() { 0 } else { *values.select_nth_unstable(middle).1 }
        })
        .collect();
    let differs =
        |pixel: &[u8]| pixel.iter().zip(&background).map(|(one, other)| one.abs_diff(*other)).max().unwrap_or(FAR);
    let unlike: Vec<u8> = rgb.chunks_exact(3).map(differs).collect();
    let mut alpha = image.alpha.take().unwrap_or_else(|| vec![255; width * height]);
    let mut field = Field { width, height, unlike };
    let mut starts = edge;
    // Run by run, since single pixels would take much memory.
    while let Some(start) = starts.pop() {
        let run = field.run(start);
        for at in run.clone() {
            if let (Some(unlike), Some(cover)) = (field.unlike.get_mut(at), alpha.get_mut(at)) {
                let left = u32::from(unlike.saturating_sub(NEAR)) * 255 / u32::from(FAR - NEAR);
                *cover = (*cover).min(left as u8);
                // It has been here.
                *unlike = u8::MAX;
            }
        }
        field.beside(&run, &mut starts);
    }
    image.alpha = Some(alpha);
    image
}

/// How unlike the border each pixel is.
struct Field {
    width: usize,
    height: usize,
    unlike: Vec<u8>,
}

impl Field {
    fn is_background(&self, at: usize) -> bool {
        self.unlike.get(at).is_some_and(|unlike| *unlike < FAR)
    }

    /// The background in a row about one pixel.
    fn run(&self, at: usize) -> Range<usize> {
        if !self.is_background(at) {
            return at..at;
        }
        let row = at / self.width * self.width;
        let first = (row..at).rev().take_while(|at| self.is_background(*at)).last().unwrap_or(at);
        let end = (at..row + self.width).find(|at| !self.is_background(*at)).unwrap_or(row + self.width);
        first..end
    }

    /// Adds the starts of the runs above and below one.
    fn beside(&self, run: &Range<usize>, starts: &mut Vec<usize>) {
        let above = run.start.checked_sub(self.width).map(|start| start..start + run.len());
        let below =
            (run.end + self.width <= self.width * self.height).then_some(run.start + self.width..run.end + self.width);
        for row in [above, below].into_iter().flatten() {
            let mut was = false;
            for at in row {
                let is = self.is_background(at);
                if is && !was {
                    starts.push(at);
                }
                was = is;
            }
        }
    }
}

fn clear_outside(alpha: &mut [u8], (width, height): (usize, usize), [left, top, right, bottom]: [Length; 4]) {
    let across = |length: Length| length.of(width as u32) as usize;
    let down = |length: Length| length.of(height as u32) as usize;
    let (columns, rows) = (across(left)..across(right), down(top)..down(bottom));
    for (y, row) in alpha.chunks_exact_mut(width).enumerate() {
        for (x, cover) in row.iter_mut().enumerate() {
            if !rows.contains(&y) || !columns.contains(&x) {
                *cover = 0;
            }
        }
    }
}

/// Where something is, with margins as far as there is room: left, top, width and height. Nothing for an empty picture.
fn bounds(
    alpha: &[u8],
    (width, height): (usize, usize),
    [above, right, below, left]: [Length; 4],
) -> Option<(usize, usize, usize, usize)> {
    let is_empty = |row: &[u8]| row.iter().all(|cover| *cover == 0);
    let rows: Vec<&[u8]> = alpha.chunks_exact(width).collect();
    let top = rows.iter().position(|row| !is_empty(row))?;
    let bottom = rows.iter().rposition(|row| !is_empty(row))? + 1;
    let starts = rows.iter().filter_map(|row| row.iter().position(|cover| *cover > 0));
    let ends = rows.iter().filter_map(|row| row.iter().rposition(|cover| *cover > 0));
    let (first, last) = (starts.min()?, ends.max()? + 1);
    let across = |length: Length| length.of((last - first) as u32) as usize;
    let down = |length: Length| length.of((bottom - top) as u32) as usize;
    let (first, last) = (first.saturating_sub(across(left)), last.saturating_add(across(right)).min(width));
    let (top, bottom) = (top.saturating_sub(down(above)), bottom.saturating_add(down(below)).min(height));
    Some((first, top, last - first, bottom - top))
}

/// The size to bring a picture to that is too large.
fn smaller(canvas: &Canvas, cutting: &Cutting) -> Option<(usize, usize)> {
    let (width, height) = (canvas.width as f64, canvas.height as f64);
    let by_pixels = (cutting.most_pixels as f64 / (width * height)).sqrt();
    let by_side = f64::from(cutting.format.longest_side()) / width.max(height);
    let scale = by_pixels.min(by_side);
    let fit = |side: f64| ((side * scale) as usize).max(1);
    (scale < 1.0).then(|| (fit(width), fit(height)))
}

/// Puts something behind the picture that covers so much.
fn put_behind<'a>(image: &mut Image, behind: impl Fn(usize) -> Option<&'a [u8]>, covers: u8) {
    let Some(alpha) = &mut image.alpha else { return };
    for (at, (pixel, cover)) in image.canvas.rgb.chunks_exact_mut(3).zip(alpha).enumerate() {
        let Some(behind) = behind(at) else { continue };
        let front = u32::from(*cover) * 255;
        let back = u32::from(covers) * (255 - u32::from(*cover));
        let both = front + back;
        for (channel, behind) in pixel.iter_mut().zip(behind) {
            let sum = u32::from(*channel) * front + u32::from(*behind) * back;
            *channel = sum.checked_div(both).unwrap_or(0) as u8;
        }
        *cover = (both / 255) as u8;
    }
}

fn encode(image: &Image, cutting: &Cutting) -> io::Result<Vec<u8>> {
    let (width, height) = (image.canvas.width, image.canvas.height);
    let alpha = image.alpha.as_deref().unwrap_or_default();
    if cutting.mask {
        let grey = || alpha.iter().flat_map(|cover| [*cover; 3]).collect();
        return match cutting.format {
            Format::Png => write_png(width, height, ColorType::Grayscale, alpha),
            Format::Jpeg => encode_jpeg(&Canvas { width, height, rgb: grey() }),
            Format::Webp => write_webp(width, height, WebpColour::L8, alpha),
        };
    }
    let rgba = || -> Vec<u8> {
        let pixels = image.canvas.rgb.chunks_exact(3).zip(alpha);
        pixels.flat_map(|(pixel, cover)| pixel.iter().chain([cover])).copied().collect()
    };
    match cutting.format {
        Format::Png => write_png(width, height, ColorType::Rgba, &rgba()),
        Format::Webp => write_webp(width, height, WebpColour::Rgba8, &rgba()),
        Format::Jpeg => {
            // A JPEG has no transparency: what is not there is white.
            let blend = |channel: u8, cover: u8| {
                ((u32::from(channel) * u32::from(cover) + 255 * (255 - u32::from(cover))) / 255) as u8
            };
            let pixels = image.canvas.rgb.chunks_exact(3).zip(alpha);
            let rgb = pixels.flat_map(|(pixel, cover)| pixel.iter().map(|channel| blend(*channel, *cover))).collect();
            encode_jpeg(&Canvas { width, height, rgb })
        }
    }
}

fn write_webp(width: usize, height: usize, colour: WebpColour, pixels: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(pixels.len() / 4);
    WebPEncoder::new(&mut bytes).encode(pixels, width as u32, height as u32, colour).map_err(io::Error::other)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A red square in the middle of something light grey, with a hole of that colour in it.
    fn square() -> Image {
        let inside = |x: usize, y: usize| (4..12).contains(&x) && (2..8).contains(&y) && (x, y) != (6, 4);
        let pixel = |x, y| if inside(x, y) { [200, 20, 20] } else { [230, 228, 232] };
        let rgb = (0..10).flat_map(|y| (0..16).flat_map(move |x| pixel(x, y))).collect();
        Image { canvas: Canvas { width: 16, height: 10, rgb }, alpha: None }
    }

    #[test]
    fn what_hangs_together_with_the_border_goes() {
        let alpha = without_border(square()).alpha.unwrap();
        let at = |x: usize, y: usize| alpha[y * 16 + x];
        assert_eq!((at(0, 0), at(3, 5), at(15, 9)), (0, 0, 0));
        assert_eq!((at(4, 2), at(11, 7), at(6, 4)), (255, 255, 255), "a hole is not at the border");
        assert_eq!(bounds(&alpha, (16, 10), [Length::Pixels(0); 4]), Some((4, 2, 8, 6)));
        let margins = [Length::Pixels(1), Length::Share(5000), Length::Pixels(100), Length::Share(0)];
        assert_eq!(bounds(&alpha, (16, 10), margins), Some((4, 1, 12, 9)));
        assert_eq!(bounds(&[0; 160], (16, 10), margins), None);
    }

    #[test]
    fn what_is_about_like_the_border_is_half_there() {
        let rgb = [0_u8, 0, 0, 0, 54, 54, 200].into_iter().flat_map(|grey| [grey; 3]).collect();
        let alpha = Some(vec![0, 255, 9, 255, 255, 9, 255]);
        let image = without_border(Image { canvas: Canvas { width: 7, height: 1, rgb }, alpha });
        assert_eq!(image.alpha.unwrap(), [0, 0, 0, 0, 127, 9, 255]);
    }

    #[test]
    fn regions() {
        let mut alpha = vec![255; 160];
        clear_outside(
            &mut alpha,
            (16, 10),
            [Length::Share(5000), Length::Pixels(2), Length::Pixels(900), Length::Share(10_000)],
        );
        assert_eq!(bounds(&alpha, (16, 10), [Length::Pixels(0); 4]), Some((8, 2, 8, 8)));
    }

    #[test]
    fn what_is_put_behind() {
        let mut image = square();
        image.alpha = Some(vec![0; 160]);
        image.alpha.as_mut().unwrap()[1] = 51;
        put_behind(&mut image, |_| Some(&[0, 255, 0]), 255);
        assert_eq!(
            (&image.canvas.rgb[..6], &image.alpha.as_ref().unwrap()[..2]),
            (&[0, 255, 0, 46, 249, 46][..], &[255, 255][..])
        );
        let mut image = square();
        image.alpha = Some(vec![0; 160]);
        put_behind(&mut image, |_| Some(&[1, 2, 3]), 0);
        assert_eq!(image.alpha.unwrap()[0], 0);
    }
}
