//! Films: a slow movement into a picture.

use std::io;

use super::canvas::encode_jpeg;
use super::changes::{Window, compose};
use super::mp4;
use crate::state::picture::Film;

/// Few, so that a film is as cheap as some pictures; each is shown the longer.
const FRAMES: u8 = 8;

/// The bytes of an MP4 file.
pub(super) fn draw(film: &Film) -> io::Result<Vec<u8>> {
    let scene = compose(&film.poster).canvas;
    let (width, height) = (scene.width as f32, scene.height as f32);
    let frame = |number| {
        let zoom = 1.0 + 0.04 * f32::from(number);
        encode_jpeg(&Window::centred(&scene, width / zoom, height / zoom).of(&scene, scene.width, scene.height))
    };
    let frames = (0..FRAMES).map(frame).collect::<io::Result<Vec<_>>>()?;
    Ok(mp4::file(scene.width as u16, scene.height as u16, film.milliseconds, &frames))
}
