//! The addresses of pictures and uploads.

use std::sync::Arc;

use uuid::Uuid;

use super::files::Kind;
use super::generation::Generation;
use super::picture::Map;
use super::texture::Texture;
use super::training::DatasetImage;
use super::variation::Variation;

#[derive(Debug, Clone)]
pub(crate) struct Urls {
    origin: Arc<str>,
    user: Uuid,
}

impl Urls {
    pub(crate) fn new(origin: String, user: Uuid) -> Self {
        Self { origin: origin.into(), user }
    }

    /// Where the API is, ending in `/api/rest`.
    pub(crate) fn api(&self) -> String {
        format!("{}/api/rest", self.origin)
    }

    /// Where forms with files are sent.
    pub(crate) fn storage(&self) -> String {
        format!("{}/storage/uploads", self.origin)
    }

    /// What the storage calls an uploaded file.
    pub(crate) fn upload_key(&self, kind: &Kind, id: Uuid, extension: &str) -> String {
        let user = self.user;
        match kind {
            Kind::InitImage => format!("users/{user}/initImages/{id}.{extension}"),
            Kind::DatasetImage(dataset) => format!("users/{user}/datasets/{dataset}/{id}.{extension}"),
            Kind::Media { .. } => format!("users/{user}/uploads/{id}.{extension}"),
            // Invented.
            Kind::ModelAsset { .. } => format!("users/{user}/modelAssets/{id}.{extension}"),
        }
    }

    /// The address of an uploaded file.
    pub(crate) fn upload(&self, kind: &Kind, id: Uuid, extension: &str) -> String {
        format!("{}/cdn/{}", self.origin, self.upload_key(kind, id, extension))
    }

    /// The address of an image in a data set.
    pub(crate) fn dataset_image(&self, dataset: Uuid, image: &DatasetImage) -> String {
        self.upload(&Kind::DatasetImage(dataset), image.id, image.extension())
    }

    /// The path of a generation's file.
    pub(crate) fn file_path(&self, generation: &Generation, file: &str) -> String {
        format!("/cdn/users/{}/generations/{}/{file}", self.user, generation.id)
    }

    /// The address of one image of a generation.
    pub(crate) fn image(&self, generation: &Generation, index: u32) -> String {
        self.origin.to_string() + &self.file_path(generation, &generation.file(index))
    }

    /// The address of the film of a generation that is a video.
    pub(crate) fn film(&self, generation: &Generation) -> String {
        self.origin.to_string() + &self.file_path(generation, &generation.film_file())
    }

    /// The path of a variation's file.
    pub(crate) fn variation_path(&self, variation: &Variation) -> String {
        format!("/cdn/users/{}/generations/{}/variations/{}", self.user, variation.origin, variation.file())
    }

    /// The address of a variation's file.
    pub(crate) fn variation(&self, variation: &Variation) -> String {
        self.origin.to_string() + &self.variation_path(variation)
    }

    /// The path of one picture of a texture.
    pub(crate) fn texture_path(&self, texture: &Texture, map: Map) -> String {
        // Invented.
        format!("/cdn/users/{}/textures/{}/{}", self.user, texture.id, Texture::file(map))
    }

    /// The address of one picture of a texture.
    pub(crate) fn texture(&self, texture: &Texture, map: Map) -> String {
        self.origin.to_string() + &self.texture_path(texture, map)
    }

    /// The address of a result that is not kept.
    pub(crate) fn ephemeral(&self, id: Uuid, extension: &str) -> String {
        format!("{}/cdn/ephemeral/{id}.{extension}", self.origin)
    }

    /// Whether an address is one of the emulator's own.
    pub(crate) fn is_own(&self, url: &str) -> bool {
        url.strip_prefix(&*self.origin).is_some_and(|path| path.starts_with('/'))
    }

    /// The address of the sample picture of something that the platform offers.
    pub(crate) fn sample(&self, id: Uuid) -> String {
        format!("{}/cdn/samples/{id}.jpg", self.origin)
    }
}
