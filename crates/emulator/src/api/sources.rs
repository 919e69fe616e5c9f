//! Pictures that requests start from, found by their ids.

use std::sync::Arc;

use tokio::time::Instant;
use uuid::Uuid;

use super::app::App;
use crate::http::response::ApiError;
use crate::state::files::Kind;
use crate::state::generation::Generation;
use crate::state::life::Status;
use crate::state::picture::Drawing;
use crate::state::subject::Subject;
use crate::state::{header, ids};
use crate::sync::lock;

/// The size that an uploaded picture is taken to have when its file does not tell, or tells of a very large one.
const UNKNOWN_SIZE: (u32, u32) = (1024, 768);

/// The longest side of an uploaded picture that is taken as it is.
const MOST_SIDE: u32 = 4096;

/// A picture that exists.
pub(super) struct Source {
    /// The generation or uploaded image that it comes from.
    pub(super) origin: Uuid,
    /// The generated image that it is, or is a variation of.
    pub(super) image: Option<Uuid>,
    pub(super) subject: Subject,
}

/// What is said of ids that lead nowhere.
pub(super) fn no_access() -> ApiError {
    ApiError::bad("couldn't access image")
}

impl App {
    /// A generated image.
    pub(super) fn generated(&self, id: &str, now: Instant) -> Option<Source> {
        let id = ids::parse(id)?;
        let account = lock(&self.state.account);
        let (generation, index) = account.image(id, now)?;
        Some(Source { origin: generation.id, image: Some(id), subject: generation.subject(index) })
    }

    /// A picture made of another one.
    pub(super) fn varied(&self, id: &str, now: Instant) -> Option<Source> {
        let account = lock(&self.state.account);
        let variation = account.variation(ids::parse(id)?)?;
        let complete = variation.life.status(now) == Status::Complete;
        match &variation.drawing {
            Drawing::Picture(subject) if complete => {
                Some(Source { origin: variation.origin, image: variation.image, subject: subject.clone() })
            }
            _ => None,
        }
    }

    /// An uploaded image. Nobody looks at its content: another picture of the same size stands for it.
    pub(super) fn uploaded(&self, id: &str) -> Option<Source> {
        let id = ids::parse(id)?;
        let uploads = lock(&self.state.uploads);
        let file = uploads.init_image(id)?.file.as_ref()?;
        let known = header::size(&file.head).filter(|(width, height)| *width.max(height) <= MOST_SIDE);
        let (width, height) = known.unwrap_or(UNKNOWN_SIZE);
        let subject = Subject::of_size(format!("upload {:08x}", file.crc32).into(), 0, width, height);
        Some(Source { origin: id, image: None, subject })
    }

    /// A picture by its address on the CDN: an uploaded image, one of a generation, or a variation.
    pub(super) fn at_url(&self, url: &str, now: Instant) -> Option<Source> {
        let urls = &self.state.urls;
        let (folder, file) = url.rsplit_once('/')?;
        let (name, extension) = file.rsplit_once('.')?;
        if let Some(id) = ids::parse(name) {
            let is_its_own = urls.upload(&Kind::InitImage, id, extension) == url
                && lock(&self.state.uploads).init_image(id).is_some_and(|upload| upload.extension == extension);
            return if is_its_own { self.uploaded(name) } else { None };
        }
        if let Some(id) = name.rsplit_once('_').and_then(|(_, id)| ids::parse(id)) {
            let found = lock(&self.state.account).variation(id).cloned();
            found.filter(|variation| urls.variation(variation) == url)?;
            return self.varied(&id.to_string(), now);
        }
        let id = ids::parse(folder.rsplit('/').next()?)?;
        let generation = lock(&self.state.account).get(id).cloned()?;
        let mut images = 0..generation.create.num_images;
        let index = images.find(|index| urls.image(&generation, *index) == url)?;
        self.generated(&generation.image_id(index).to_string(), now)
    }

    /// A video that is complete.
    pub(super) fn video(&self, id: Uuid, now: Instant) -> Option<Arc<Generation>> {
        let account = lock(&self.state.account);
        let generation = account.get(id)?;
        let complete = generation.create.motion.is_some() && generation.status(now) == Status::Complete;
        complete.then(|| Arc::clone(generation))
    }
}
