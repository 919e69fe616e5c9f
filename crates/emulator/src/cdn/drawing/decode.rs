//! Pictures that come as files.

use std::io::{self, Cursor};

use image_webp::WebPDecoder;
use png::{ColorType, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::canvas::Canvas;
use super::changes::Image;
use crate::state::files::recognise;

/// Bytes that the tables and buffers of one file may take.
const MOST_MEMORY: usize = 512 * 1024 * 1024;

/// The pixels of a PNG, JPEG or WebP file. The caller has seen to it that there are not too many.
pub(super) fn decode(bytes: &[u8]) -> io::Result<Image> {
    match recognise(bytes) {
        Some("image/png") => png(bytes),
        Some("image/jpeg") => jpeg(bytes),
        Some("image/webp") => webp(bytes),
        _ => Err(broken("not a picture")),
    }
}

fn broken(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

fn png(bytes: &[u8]) -> io::Result<Image> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(broken)?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or_else(|| broken("too large"))?];
    let info = reader.next_frame(&mut pixels).map_err(broken)?;
    let channels = match info.color_type {
        ColorType::Grayscale => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb | ColorType::Indexed => 3,
        ColorType::Rgba => 4,
    };
    image(&pixels, (info.width as usize, info.height as usize), channels)
}

fn jpeg(bytes: &[u8]) -> io::Result<Image> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let options = options.set_max_width(65_535).set_max_height(65_535);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let pixels = decoder.decode().map_err(broken)?;
    let size = decoder.dimensions().ok_or_else(|| broken("no size"))?;
    let channels = decoder.output_colorspace().map_or(3, |colours| colours.num_components());
    image(&pixels, size, channels)
}

fn webp(bytes: &[u8]) -> io::Result<Image> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?;
    decoder.set_memory_limit(MOST_MEMORY);
    let mut pixels = vec![0; decoder.output_buffer_size().ok_or_else(|| broken("too large"))?];
    decoder.read_image(&mut pixels).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    image(&pixels, (width as usize, height as usize), if decoder.has_alpha() { 4 } else { 3 })
}

/// Pixels of 1 to 4 channels of 8 bits.
fn image(pixels: &[u8], (width, height): (usize, usize), channels: usize) -> io::Result<Image> {
    let count = width * height;
    if width == 0 || height == 0 || pixels.len() < count * channels {
        return Err(broken("too short"));
    }
    let mut rgb = Vec::with_capacity(count * 3);
    let mut alpha = (channels % 2 == 0).then(|| Vec::with_capacity(count));
    for pixel in pixels.chunks_exact(channels).take(count) {
        let cover = match *pixel {
            [grey] => {
                rgb.extend([grey; 3]);
                255
            }
            [grey, cover] => {
                rgb.extend([grey; 3]);
                cover
            }
            [red, green, blue] => {
                rgb.extend([red, green, blue]);
                255
            }
            [red, green, blue, cover] => {
                rgb.extend([red, green, blue]);
                cover
            }
            _ => return Err(broken("too many channels")),
        };
        if let Some(alpha) = &mut alpha {
            alpha.push(cover);
        }
    }
    Ok(Image { canvas: Canvas { width, height, rgb }, alpha })
}
