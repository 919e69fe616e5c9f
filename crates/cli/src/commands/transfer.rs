//! Downloads and uploads.

use leonardo_ai::funcs::{
    dataset_upload_file, image_get_generation_by_id, init_images_upload_file, media_upload_file,
    three_d_model_assets_upload_file,
};
use serde_json::json;

use crate::args;
use crate::args::Kind;
use crate::call::printable;
use crate::failure::Failure;
use crate::results::{saved, show_all};
use crate::screen::shown;
use crate::session::Session;
use crate::work::save;

pub async fn download(download: args::Download, session: &Session) -> Result<(), Failure> {
    let screen = &session.screen;
    let show = download.show();
    for id in download.ids {
        let generation = image_get_generation_by_id(&session.core, id.clone()).await?;
        if generation.generated_images.is_empty() {
            return Err(Failure::other(format!("generation {id} has no images: it is {}", generation.status.as_str())));
        }
        let doing = screen.doing(format!("downloading {id}"));
        let files = save::all(&session.core, &generation, &download.out, !download.replace).await?;
        drop(doing);
        screen.result(saved(&files), &json!({ "id": id, "files": files }));
        show_all(show, &files, screen);
    }
    Ok(())
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
