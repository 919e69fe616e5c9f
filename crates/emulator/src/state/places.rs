//! The addresses of pictures and uploads.

use std::sync::Arc;

use uuid::Uuid;

use super::generation::Generation;

#[derive(Debug, Clone)]
pub(crate) struct Places {
    origin: Arc<str>,
    user: Uuid,
}

impl Places {
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

    /// What the storage calls an uploaded image.
    pub(crate) fn upload_key(&self, id: Uuid, extension: &str) -> String {
        format!("users/{}/initImages/{id}.{extension}", self.user)
    }

    /// The address of an uploaded image.
    pub(crate) fn upload(&self, id: Uuid, extension: &str) -> String {
        format!("{}/cdn/{}", self.origin, self.upload_key(id, extension))
    }

    /// The path of one image of a generation.
    pub(crate) fn image_path(&self, generation: &Generation, index: u32) -> String {
        format!("/cdn/users/{}/generations/{}/{}", self.user, generation.id, generation.file(index))
    }

    /// The address of one image of a generation.
    pub(crate) fn image(&self, generation: &Generation, index: u32) -> String {
        self.origin.to_string() + &self.image_path(generation, index)
    }
}
