//! A picture in the terminal, in the best way that the terminal has: kitty, iTerm2, sixel, or blocks of colour.

use std::io::Cursor;
use std::path::Path;

use image::ImageReader;

/// Shows a picture; what is none, such as a video, is passed over.
pub fn show(path: &Path) {
    let Ok(bytes) = std::fs::read(path) else { return };
    let Ok(reader) = ImageReader::new(Cursor::new(bytes)).with_guessed_format() else { return };
    let Ok(picture) = reader.decode() else { return };
    let config = viuer::Config { absolute_offset: false, ..viuer::Config::default() };
    // That a terminal cannot show it is no failure of what was done.
    let _ = viuer::print(&picture, &config);
}
