//! Downloads and uploads.

use std::path::{Path, PathBuf};

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::{
    dataset_upload_file, image_download, image_get_generation_by_id, init_images_upload_file, media_upload_file,
    three_d_model_assets_upload_file,
};
use leonardo_ai::models::Generation;
use serde_json::json;

use crate::args;
use crate::args::Kind;
use crate::call::printable;
use crate::failure::Failure;
use crate::screen::shown;
use crate::session::Session;

pub async fn download(download: args::Download, session: &Session) -> Result<(), Failure> {
    let screen = &session.screen;
    let show = download.show();
    for id in download.ids {
        let generation = image_get_generation_by_id(&session.core, id.clone()).await?;
        if generation.generated_images.is_empty() {
            return Err(Failure::other(format!("generation {id} has no images: it is {}", generation.status.as_str())));
        }
        let doing = screen.doing(format!("downloading {id}"));
        let files = save_all(&session.core, &generation, &download.out, !download.replace).await?;
        drop(doing);
        screen.result(saved(&files), &json!({ "id": id, "files": files }));
        show_all(show, &files, session);
    }
    Ok(())
}

/// A line for each file.
pub fn saved(files: &[PathBuf]) -> String {
    files.iter().map(|file| format!("Saved {}", shown(file))).collect::<Vec<_>>().join("\n")
}

pub fn show_all(show: bool, files: &[PathBuf], session: &Session) {
    #[cfg(feature = "pictures")]
    if show && !session.screen.is_json() {
        for file in files {
            session.screen.suspended(|| crate::pictures::show(file));
        }
    }
    #[cfg(not(feature = "pictures"))]
    let _ = (show, files, session);
}

/// Saves the images of a generation, or its videos, as `ID-INDEX.EXTENSION`.
pub async fn save_all(
    core: &LeonardoCore,
    generation: &Generation,
    directory: &Path,
    skip: bool,
) -> Result<Vec<PathBuf>, Failure> {
    std::fs::create_dir_all(directory).map_err(|error| Failure::file(directory, error))?;
    let mut files = Vec::new();
    for (index, image) in generation.generated_images.iter().enumerate() {
        let url = image.motion_mp4_url.as_deref().unwrap_or(&image.url);
        files.push(
            save(core, url, &directory.join(format!("{}-{index:02}", plain(generation.id.as_str()))), skip).await?,
        );
    }
    Ok(files)
}

/// What the server has named must not lead out of the directory.
pub fn plain(id: &str) -> String {
    id.chars().map(|char| if char.is_ascii_alphanumeric() || "-_".contains(char) { char } else { '_' }).collect()
}

/// Saves what a link leads to, with the extension of its content.
pub async fn save(core: &LeonardoCore, url: &str, stem: &Path, skip: bool) -> Result<PathBuf, Failure> {
    if let Some(there) = skip.then(|| existing(stem)).flatten() {
        return Ok(there);
    }
    Ok(image_download(core, url).to_file_with_extension(stem).await?.0)
}

/// A file of that name with any extension that is not empty. A file has its name only when it is whole.
fn existing(stem: &Path) -> Option<PathBuf> {
    let extensions = ["jpg", "png", "webp", "mp4", "gif"];
    let mut files = extensions.iter().map(|extension| {
        let mut name = stem.as_os_str().to_owned();
        name.push(format!(".{extension}"));
        PathBuf::from(name)
    });
    files.find(|file| file.metadata().is_ok_and(|file| file.is_file() && file.len() > 0))
}

pub async fn upload(upload: args::Upload, session: &Session) -> Result<(), Failure> {
    let core = &session.core;
    for file in upload.files {
        let doing = session.screen.doing(format!("uploading {}", shown(&file)));
        let path = file.clone();
        let id = match (upload.to, &upload.dataset) {
            (_, Some(dataset)) => printable(dataset_upload_file(core, dataset.clone(), path).await?)?,
            (Kind::InitImage, _) => printable(init_images_upload_file(core, path).await?)?,
            (Kind::Media, _) => printable(media_upload_file(core, path).await?)?,
            (Kind::Model3d, _) => printable(three_d_model_assets_upload_file(core, path).await?)?,
            (Kind::Dataset, None) => return Err(Failure::usage("name the data set with --dataset")),
            _ => return Err(Failure::usage("nothing of this kind is uploaded")),
        };
        drop(doing);
        let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        session.screen.result(format!("{text}  {}", shown(&file)), &json!({ "id": id, "file": file }));
    }
    Ok(())
}
