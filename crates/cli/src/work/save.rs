//! Files that are saved, and what they are called.

use std::path::{Path, PathBuf};

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::image_download;
use leonardo_ai::models::Generation;

use crate::failure::Failure;
use crate::task::Save;

pub fn make(directory: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(directory).map_err(|error| Failure::file(directory, error))
}

/// Saves the images of a generation, or its videos, as `ID-INDEX.EXTENSION`.
pub async fn all(
    core: &LeonardoCore,
    generation: &Generation,
    directory: &Path,
    skip: bool,
) -> Result<Vec<PathBuf>, Failure> {
    make(directory)?;
    let mut files = Vec::new();
    for (index, image) in generation.generated_images.iter().enumerate() {
        let url = image.motion_mp4_url.as_deref().unwrap_or(&image.url);
        let stem = directory.join(format!("{}-{index:02}", plain(generation.id.as_str())));
        files.push(one(core, url, &stem, skip).await?);
    }
    Ok(files)
}

/// What the server has named must not lead out of the directory.
pub fn plain(id: &str) -> String {
    id.chars().map(|char| if char.is_ascii_alphanumeric() || "-_".contains(char) { char } else { '_' }).collect()
}

/// Saves what a link leads to, with the extension of its content.
pub async fn one(core: &LeonardoCore, url: &str, stem: &Path, skip: bool) -> Result<PathBuf, Failure> {
    if let Some(there) = skip.then(|| existing(stem)).flatten() {
        return Ok(there);
    }
    Ok(image_download(core, url).to_file_with_extension(stem).await?.0)
}

/// A file of that name that is not empty, with the extension of a picture or a video. A file has its name only when it
/// is whole.
fn existing(stem: &Path) -> Option<PathBuf> {
    let extensions = ["jpg", "png", "webp", "mp4", "gif"];
    let mut files = extensions.iter().map(|extension| {
        let mut name = stem.as_os_str().to_owned();
        name.push(format!(".{extension}"));
        PathBuf::from(name)
    });
    files.find(|file| file.metadata().is_ok_and(|file| file.is_file() && file.len() > 0))
}

/// Removes what a killed download of this id has left in its directory: `.NAME.RANDOM.part`.
pub fn remove_parts(to: &Save, id: &str) {
    let (directory, begins) = match to {
        Save::Directory(directory) => (directory.as_path(), format!(".{}", plain(id))),
        Save::File(file) => {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            (file.parent().unwrap_or(Path::new(".")), format!(".{name}"))
        }
        Save::Nothing => return,
    };
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let rest = name.strip_prefix(&*begins).and_then(|rest| rest.strip_suffix(".part"));
        if rest.is_some_and(|rest| rest.starts_with(['-', '.'])) {
            // One that stays does no harm.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
