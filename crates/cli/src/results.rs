//! Files that were saved: what is said of them, and how they are shown.

use std::path::PathBuf;

use crate::args::Protocol;
use crate::screen::{Screen, shown};

/// A line for each file.
pub fn saved(files: &[PathBuf]) -> String {
    files.iter().map(|file| format!("Saved {}", shown(file))).collect::<Vec<_>>().join("\n")
}

/// Shows pictures in the terminal, if that is wanted and there is one.
#[cfg(feature = "pictures")]
pub fn show_all(show: Option<Protocol>, files: &[PathBuf], screen: &Screen) {
    let Some(show) = show else { return };
    for file in files {
        if let Err(problem) = screen.draw(|| crate::pictures::show(file, show)) {
            screen.say(problem);
            return;
        }
    }
}

#[cfg(not(feature = "pictures"))]
pub fn show_all(_: Option<Protocol>, _: &[PathBuf], _: &Screen) {}
