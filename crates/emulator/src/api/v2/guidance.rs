//! What a request of version 2 is to be guided by: images, videos and sounds, which must exist.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::refusal::Refusal;
use super::schema::Errors;
use crate::api::app::App;
use crate::api::fields::{list, text};
use crate::state::cut_out::Origin;
use crate::state::ids::{self, hash};
use crate::state::image_file::ImageFile;
use crate::state::life::Status;
use crate::state::subject::Subject;
use crate::state::uploads::PresignedUpload;
use crate::state::v2_models::{Guidance, Model, Rule};
use crate::sync::lock;

/// The longest file that comes in the request.
const MOST_INLINE: usize = 7_500_000;
/// The most pixels of a picture that comes along.
const MOST_PIXELS: u64 = 50_000_000;
/// The size of what a link leads to. Nothing is fetched from the network: another picture stands for it.
const LINKED: (u32, u32) = (1024, 768);

/// The items under one name.
pub(super) fn items<'a>(
    parameters: &'a Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a Map<String, Value>> {
    let guidances = parameters.get("guidances").and_then(Value::as_object);
    guidances.into_iter().flat_map(move |all| list(all, name)).filter_map(Value::as_object)
}

/// The first item under one name.
fn first<'a>(parameters: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    // Within a function of its own, since the iterator would borrow the name.
    items(parameters, name).next()
}

/// What does not go together, although each part of it would do.
pub(super) fn check_rules(model: &Model, parameters: &Map<String, Value>, errors: &mut Errors) {
    let count = |name: &str| items(parameters, name).count();
    let has = |name: &str| count(name) > 0;
    let frames = has("start_frame") || has("end_frame");
    for rule in &model.rules {
        match rule {
            Rule::EndFrameNeedsStartFrame if has("end_frame") && !has("start_frame") => {
                errors.add("parameters.guidances.end_frame needs start_frame");
            }
            Rule::FramesOrReferences if has("image_reference") && frames => {
                errors.add("parameters.guidances.image_reference cannot be used with start_frame or end_frame");
            }
            Rule::SoundNeedsPicture if has("audio_reference") => {
                if !has("image_reference") && !has("video_reference_base") {
                    errors.add("parameters.guidances.audio_reference needs image_reference or video_reference_base");
                }
                if matches!(text(parameters, "quality"), None | Some("TURBO")) {
                    errors.add("parameters.guidances.audio_reference needs a quality other than TURBO");
                }
            }
            Rule::ShortWithVideo if has("video_reference_base") => {
                if parameters.get("duration").and_then(Value::as_f64).is_some_and(|duration| duration > 10.0) {
                    errors.add("parameters.duration must not be greater than 10 with video_reference_base");
                }
                if frames || count("image_reference") > 4 {
                    errors.add("parameters.guidances.video_reference_base allows 4 of image_reference and no frames");
                }
            }
            _ => {}
        }
    }
}

/// A picture that a request names or has with it.
pub(super) struct Picture {
    pub(super) origin: Origin,
    /// Whether the moderation is to withhold what is made of it; asked for with the word `nsfwword` in the prompt of the
    /// picture, in the link to it or in its file.
    pub(super) is_withheld: bool,
}

impl Picture {
    fn drawn(subject: Subject) -> Self {
        Self { is_withheld: has_mark(subject.prompt.as_bytes()), origin: Origin::Drawn(subject) }
    }

    fn given(bytes: Bytes) -> Option<Self> {
        let is_withheld = has_mark(&bytes);
        let given =
            ImageFile::new(bytes).filter(|given| u64::from(given.width) * u64::from(given.height) <= MOST_PIXELS)?;
        Some(Self { origin: Origin::File(Arc::new(given)), is_withheld })
    }
}

fn has_mark(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"nsfwword").is_some()
}

fn no_access() -> Refusal {
    Refusal::not_found("couldn't access image")
}

impl App {
    /// Looks for everything that the request is to be guided by; the picture that a video starts from or that an image is
    /// made after, if there is one.
    pub(super) fn guiding(
        &self,
        model: &Model,
        parameters: &Map<String, Value>,
        now: Instant,
    ) -> Result<Option<Picture>, Refusal> {
        let mut main = None;
        for (name, kind) in &model.guidances {
            for item in items(parameters, name) {
                let thing = |name: &str| item.get(name).and_then(Value::as_object);
                match kind {
                    Guidance::Image => {
                        let picture = self.picture(thing("image").ok_or_else(no_access)?, now)?;
                        let is_main = name == "start_frame" || name == "image_reference" && main.is_none();
                        if is_main {
                            main = Some(picture);
                        }
                    }
                    Guidance::Video => self.find_media(thing("video"), true, now)?,
                    Guidance::Audio => self.find_media(thing("audio"), false, now)?,
                    Guidance::Webpage => {}
                }
            }
        }
        Ok(main)
    }

    /// The first picture under one name.
    pub(super) fn named_picture(
        &self,
        parameters: &Map<String, Value>,
        name: &str,
        now: Instant,
    ) -> Result<Option<Picture>, Refusal> {
        let image = first(parameters, name).and_then(|item| item.get("image")).and_then(Value::as_object);
        image.map(|image| self.picture(image, now)).transpose()
    }

    /// A picture that must exist, or be one. Without a type it is what its fields say.
    fn picture(&self, image: &Map<String, Value>, now: Instant) -> Result<Picture, Refusal> {
        let (id, url, data) = (text(image, "id"), text(image, "url"), text(image, "data"));
        let found = match (text(image, "type"), id, url, data) {
            (Some("UPLOADED" | "INIT"), Some(id), ..) => self.uploaded_picture(id),
            (Some("GENERATED" | "GENERATION"), Some(id), ..) => self.generated_picture(id, now),
            (Some("VARIATION"), Some(id), ..) => self.varied(id, now).map(|source| Picture::drawn(source.subject)),
            (Some("URL"), _, Some(url), _) | (None, None, Some(url), _) => self.linked_picture(url, now),
            (Some("BASE64"), .., Some(data)) | (None, None, None, Some(data)) => inline(data),
            (None, Some(id), ..) => self.uploaded_picture(id).or_else(|| self.generated_picture(id, now)),
            _ => {
                return Err(Refusal::invalid(vec![
                    "image must have what its type says: an id, url or data".to_owned(),
                ]));
            }
        };
        found.ok_or_else(no_access)
    }

    /// The uploaded file itself, as long as it is kept and is a picture that can be read; a picture that stands for it after
    /// that.
    fn uploaded_picture(&self, id: &str) -> Option<Picture> {
        let stand_in = Picture::drawn(self.uploaded(id)?.subject);
        let uploads = lock(&self.state.uploads);
        let file = uploads.init_image(ids::parse(id)?)?.file.as_ref()?;
        let whole = file.is_whole().then(|| file.head.clone());
        Some(whole.and_then(Picture::given).unwrap_or(stand_in))
    }

    fn generated_picture(&self, id: &str, now: Instant) -> Option<Picture> {
        self.generated(id, now).map(|source| Picture::drawn(source.subject))
    }

    fn linked_picture(&self, url: &str, now: Instant) -> Option<Picture> {
        if let Some(data) = url.strip_prefix("data:") {
            return inline(data.split_once(";base64,")?.1);
        }
        if !self.state.urls.is_own(url) {
            let name = format!("link {:016x}", hash(url.as_bytes())).into();
            let origin = Origin::Drawn(Subject::of_size(name, 0, LINKED.0, LINKED.1));
            return Some(Picture { origin, is_withheld: has_mark(url.as_bytes()) });
        }
        let source = self.at_url(url, now)?;
        let is_upload = lock(&self.state.uploads).init_image(source.origin).is_some() && !url.contains("/variations/");
        if is_upload { self.uploaded_picture(&source.origin.to_string()) } else { Some(Picture::drawn(source.subject)) }
    }

    /// Whether there is a video or a sound. A generated video is named by its image, and a generated sound by its
    /// generation, since it is not known where else.
    fn find_media(&self, media: Option<&Map<String, Value>>, is_video: bool, now: Instant) -> Result<(), Refusal> {
        let named = media.and_then(|media| Some((text(media, "type")?, ids::parse(text(media, "id")?)?)));
        let found = named.is_some_and(|(kind, id)| {
            let account = lock(&self.state.account);
            match (kind, is_video) {
                ("GENERATED", true) => {
                    account.image(id, now).is_some_and(|(generation, _)| generation.create.motion.is_some())
                }
                ("GENERATED", false) => account.get(id).is_some_and(|generation| {
                    generation.create.num_images == 0 && generation.status(now) == Status::Complete
                }),
                _ => {
                    let uploads = lock(&self.state.uploads);
                    uploads.media(id).is_some_and(|PresignedUpload { file, .. }| file.is_some())
                }
            }
        });
        if found {
            return Ok(());
        }
        Err(Refusal::not_found(if is_video { "couldn't access video" } else { "couldn't access audio" }))
    }
}

/// A picture that comes in the request, in Base64.
fn inline(data: &str) -> Option<Picture> {
    let bytes = STANDARD.decode(data).ok().filter(|bytes| bytes.len() <= MOST_INLINE)?;
    Picture::given(bytes.into())
}
