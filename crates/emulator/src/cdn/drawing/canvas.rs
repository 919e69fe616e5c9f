//! The pixels of a picture, and the files made of them.

use std::io;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::noise::Dice;
use crate::state::ids::mix;

pub(super) type Colour = [u8; 3];

pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) rgb: Vec<u8>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, rgb: vec![0; width * height * 3] }
    }

    pub(super) fn row(&mut self, y: usize) -> &mut [u8] {
        let start = y * self.width * 3;
        &mut self.rgb[start..start + self.width * 3]
    }
}

pub(super) fn encode_jpeg(canvas: &Canvas) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(canvas.rgb.len() / 12);
    let mut encoder = Encoder::new(&mut bytes, 86);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    let (width, height) = (canvas.width as u16, canvas.height as u16);
    encoder.encode(&canvas.rgb, width, height, ColorType::Rgb).map_err(io::Error::other)?;
    Ok(bytes)
}

pub(super) fn encode_png(canvas: &Canvas, alpha: &[u8]) -> io::Result<Vec<u8>> {
    let mut rgba = Vec::with_capacity(canvas.width * canvas.height * 4);
    for (pixel, cover) in canvas.rgb.chunks_exact(3).zip(alpha) {
        rgba.extend_from_slice(pixel);
        rgba.push(*cover);
    }
    write_png(canvas.width, canvas.height, png::ColorType::Rgba, &rgba)
}

/// A PNG file of pixels with 8 bits for each channel.
pub(super) fn write_png(width: usize, height: usize, color: png::ColorType, pixels: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(pixels.len() / 4);
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer.write_image_data(pixels).map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)?;
    Ok(bytes)
}

/// A little noise, without which wide gradients show bands.
pub(super) fn grain(canvas: &mut Canvas, dice: &mut Dice) {
    let tile: Vec<i8> = (0..4099).map(|_| dice.between(-3.4, 3.4) as i8).collect();
    let width = canvas.width;
    for (y, row) in canvas.rgb.chunks_exact_mut(width * 3).enumerate() {
        let start = (mix(y as u64) % 2048) as usize;
        for (pixel, change) in row.chunks_exact_mut(3).zip(tile[start..].iter().cycle()) {
            let [red, green, blue] = pixel else { continue };
            *red = red.saturating_add_signed(*change);
            *green = green.saturating_add_signed(*change);
            *blue = blue.saturating_add_signed(*change);
        }
    }
}

pub(super) fn blend(from: Colour, to: Colour, part: f32) -> Colour {
    let weight = (part.clamp(0.0, 1.0) * 256.0) as i32;
    let mut colour = from;
    mix_pixel(&mut colour, to, weight);
    colour
}

/// Moves a pixel towards a colour by a weight of 0 to 256.
pub(super) fn mix_pixel(pixel: &mut [u8], colour: Colour, weight: i32) {
    let [red, green, blue] = pixel else { return };
    let toward = |from: u8, to: u8| (i32::from(from) + (((i32::from(to) - i32::from(from)) * weight) >> 8)) as u8;
    *red = toward(*red, colour[0]);
    *green = toward(*green, colour[1]);
    *blue = toward(*blue, colour[2]);
}
