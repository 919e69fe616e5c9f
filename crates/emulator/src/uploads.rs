//! Uploads: the routes that hand out places for images, and the storage behind those places.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};

use crate::clock;
use crate::create::required_texts;
use crate::ids::{Uuid, mix};
use crate::lock;
use crate::multipart::{Event, Parser};
use crate::ranges;
use crate::reply::{self, ApiError};
use crate::routes::{last_segment_id, no_such_file};
use crate::shared::Shared;

/// Bytes kept of one file.
const MOST_HEAD: usize = 64 * 1024;
/// Files whose first bytes are kept; those of older ones are forgotten.
const MOST_HEADS: usize = 256;

/// A file that was uploaded whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upload {
    /// The id under which create requests name the image.
    pub id: String,
    /// The extension announced for it.
    pub extension: String,
    /// Its length in bytes.
    pub size: u64,
    /// The CRC-32 (as in PNG and zip files) of all its bytes.
    pub crc32: u32,
    /// What the first bytes look like, such as `image/png`; nothing for what is no known kind of image.
    pub content_type: Option<&'static str>,
    /// The first 64 KiB, unless many files came later.
    pub head: Bytes,
}

/// A place for an image, with or without the image.
struct Slot {
    extension: String,
    created: SystemTime,
    file: Option<File>,
}

struct File {
    size: u64,
    crc32: u32,
    content_type: Option<&'static str>,
    head: Bytes,
}

/// All places handed out.
#[derive(Default)]
pub(crate) struct Uploads {
    slots: HashMap<Uuid, Slot>,
    heads: VecDeque<Uuid>,
    order: Vec<Uuid>,
}

/// Whether an image can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    No,
    /// There is a place for it, and nothing was uploaded.
    Empty,
    Yes,
}

impl Uploads {
    pub(crate) fn known(&self, id: &str) -> Known {
        match Uuid::parse(id).and_then(|id| self.slots.get(&id)) {
            None => Known::No,
            Some(Slot { file: None, .. }) => Known::Empty,
            Some(_) => Known::Yes,
        }
    }

    /// The files uploaded whole, those first whose places were handed out first.
    pub(crate) fn all(&self) -> Vec<Upload> {
        let file = |id: &Uuid| {
            let slot = self.slots.get(id)?;
            let file = slot.file.as_ref()?;
            Some(Upload {
                id: id.to_string(),
                extension: slot.extension.clone(),
                size: file.size,
                crc32: file.crc32,
                content_type: file.content_type,
                head: file.head.clone(),
            })
        };
        self.order.iter().filter_map(file).collect()
    }

    fn store(&mut self, id: Uuid, file: File) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.file = Some(file);
            self.heads.push_back(id);
        }
        if self.heads.len() > MOST_HEADS {
            let oldest = self.heads.pop_front().filter(|oldest| !self.heads.contains(oldest));
            let slot = oldest.and_then(|oldest| self.slots.get_mut(&oldest));
            if let Some(file) = slot.and_then(|slot| slot.file.as_mut()) {
                file.head = Bytes::new();
            }
        }
    }
}

type Answer = Result<Response<Body>, ApiError>;

pub(crate) async fn init_image(State(shared): State<Arc<Shared>>, body: Bytes) -> Answer {
    let [extension] = required_texts(&body, ["extension"])?;
    let place = hand_out(&shared, &extension)?;
    Ok(reply::ok(&json!({
        "uploadInitImage": {"id": place.id, "url": place.url, "key": place.key, "fields": place.fields},
    })))
}

pub(crate) async fn canvas_init_image(State(shared): State<Arc<Shared>>, body: Bytes) -> Answer {
    let [init, mask] = required_texts(&body, ["initExtension", "maskExtension"])?;
    check_extension(&mask)?;
    let (init, mask) = (hand_out(&shared, &init)?, hand_out(&shared, &mask)?);
    Ok(reply::ok(&json!({
        "uploadCanvasInitImage": {
            "initImageId": init.id, "initUrl": init.url, "initKey": init.key, "initFields": init.fields,
            "maskImageId": mask.id, "maskUrl": mask.url, "maskKey": mask.key, "maskFields": mask.fields,
        },
    })))
}

pub(crate) async fn read_init_image(State(shared): State<Arc<Shared>>, uri: Uri) -> Answer {
    let id = last_segment_id(&uri)?;
    let shown = lock(&shared.uploads).slots.get(&id).map(|slot| {
        let created = clock::shifted(slot.created, shared.config.clock_skew);
        json!({
            "createdAt": clock::zoneless(created),
            "id": id.to_string(),
            "url": format!("{}/cdn/{}", shared.origin, key(&shared, id, &slot.extension)),
        })
    });
    Ok(reply::ok(&json!({"init_images_by_pk": shown})))
}

pub(crate) async fn delete_init_image(State(shared): State<Arc<Shared>>, uri: Uri) -> Answer {
    let id = last_segment_id(&uri)?;
    let mut uploads = lock(&shared.uploads);
    let deleted = uploads.slots.remove(&id).map(|_| json!({"id": id.to_string()}));
    uploads.order.retain(|known| *known != id);
    Ok(reply::ok(&json!({"delete_init_images_by_pk": deleted})))
}

/// Serves an uploaded image, if all of it is still there.
pub(crate) async fn uploaded(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let uploads = lock(&shared.uploads);
    let found = uri.path().rsplit('/').next().and_then(|name| {
        let (id, extension) = name.split_once('.')?;
        let slot = uploads.slots.get(&Uuid::parse(id)?)?;
        let file = slot.file.as_ref()?;
        (slot.extension == extension && file.size == file.head.len() as u64).then_some(file)
    });
    let Some(file) = found else { return no_such_file() };
    let etag = format!("\"{:08x}\"", file.crc32);
    let head = file.head.clone();
    ranges::answer(&headers, file.content_type.unwrap_or("binary/octet-stream"), &etag, file.size, |first, end| {
        let at = |place| usize::try_from(place).unwrap_or(usize::MAX);
        Body::from(head.slice(at(first)..at(end)))
    })
}

struct Place {
    id: String,
    url: String,
    key: String,
    fields: String,
}

fn check_extension(extension: &str) -> Result<(), ApiError> {
    if ["png", "jpg", "jpeg", "webp"].contains(&extension) {
        Ok(())
    } else {
        Err(ApiError::bad("invalid file extension"))
    }
}

fn hand_out(shared: &Shared, extension: &str) -> Result<Place, ApiError> {
    check_extension(extension)?;
    let id = Uuid::random();
    let slot = Slot { extension: extension.to_owned(), created: SystemTime::now(), file: None };
    let fields: Map<String, Value> =
        form_fields(shared, id, &slot).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let mut uploads = lock(&shared.uploads);
    uploads.slots.insert(id, slot);
    uploads.order.push(id);
    Ok(Place {
        id: id.to_string(),
        url: format!("{}/storage/uploads", shared.origin),
        key: key(shared, id, extension),
        fields: Value::Object(fields).to_string(),
    })
}

fn key(shared: &Shared, id: Uuid, extension: &str) -> String {
    format!("users/{}/initImages/{id}.{extension}", shared.config.user)
}

/// The fields a form for this place must have. They follow from the place, so they need not be kept.
fn form_fields(shared: &Shared, id: Uuid, slot: &Slot) -> [(&'static str, String); 8] {
    let kind = if slot.extension == "jpg" { "jpeg" } else { &slot.extension };
    let key = key(shared, id, &slot.extension);
    let date: String =
        clock::zoneless(slot.created).split('.').next().unwrap_or_default().replace(['-', ':'], "") + "Z";
    let credential = format!("EMULATOR/{}/us-east-1/s3/aws4_request", &date[..8]);
    let policy = json!({
        "conditions": [{"key": key}, {"bucket": "uploads"}, ["content-length-range", 0, shared.config.upload_limit]],
    });
    let signature: String = (0..4).map(|part| format!("{:016x}", mix(shared.secret ^ mix(low(id) ^ part)))).collect();
    [
        ("Content-Type", format!("image/{kind}")),
        ("bucket", "uploads".to_owned()),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()),
        ("X-Amz-Credential", credential),
        ("X-Amz-Date", date),
        ("key", key),
        ("Policy", base64(policy.to_string().as_bytes())),
        ("X-Amz-Signature", signature),
    ]
}

fn low(id: Uuid) -> u64 {
    (id.bits() as u64) ^ (id.bits() >> 64) as u64
}

/// Which entry of the request log a body belongs to.
#[derive(Clone, Copy)]
pub(crate) struct LogNumber(pub(crate) u64);

/// An error as the storage words it.
struct Refusal(StatusCode, &'static str, String);

impl Refusal {
    fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, code, message.into())
    }

    fn denied(code: &'static str, message: impl Into<String>) -> Self {
        Self(StatusCode::FORBIDDEN, code, message.into())
    }
}

/// Takes a form with a file, as S3 does for a presigned POST.
pub(crate) async fn receive(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let number = request.extensions().get::<LogNumber>().copied();
    let (parts, mut body) = request.into_parts();
    let mut form = Form::new(&shared, &parts.headers);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return storage_error(&Refusal::bad("IncompleteBody", "The request body ended early"));
        };
        let Ok(data) = frame.into_data() else { continue };
        if let Some(LogNumber(number)) = number {
            lock(&shared.log).body(number, &data);
        }
        // After a refusal the rest is read and thrown away: who still sends would not see an answer given early.
        if let Ok(form) = &mut form {
            if let Err(refusal) = form.push(&data) {
                form.refusal = Some(refusal);
            }
        }
    }
    match form.and_then(|form| form.finish()) {
        Ok(etag) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            if let Ok(etag) = HeaderValue::from_str(&etag) {
                response.headers_mut().insert(header::ETAG, etag);
            }
            response
        }
        Err(refusal) => storage_error(&refusal),
    }
}

fn storage_error(Refusal(status, code, message): &Refusal) -> Response<Body> {
    reply::xml(*status, code, message)
}

/// A form on its way in.
struct Form<'a> {
    shared: &'a Shared,
    parser: Parser,
    fields: Vec<(String, Vec<u8>)>,
    /// The place of the file, once it has begun.
    id: Option<Uuid>,
    size: u64,
    crc32: crc32fast::Hasher,
    head: Vec<u8>,
    file_over: bool,
    over: bool,
    refusal: Option<Refusal>,
}

impl<'a> Form<'a> {
    fn new(shared: &'a Shared, headers: &HeaderMap) -> Result<Self, Refusal> {
        if headers.contains_key(header::AUTHORIZATION) {
            return Err(Refusal::denied("AccessDenied", "Only one auth mechanism allowed"));
        }
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let parser = content_type.and_then(Parser::new).ok_or_else(|| {
            Refusal(
                StatusCode::PRECONDITION_FAILED,
                "PreconditionFailed",
                "Bucket POST must be of the enclosure-type multipart/form-data".to_owned(),
            )
        })?;
        Ok(Self {
            shared,
            parser,
            fields: Vec::new(),
            id: None,
            size: 0,
            crc32: crc32fast::Hasher::new(),
            head: Vec::new(),
            file_over: false,
            over: false,
            refusal: None,
        })
    }

    fn push(&mut self, data: &[u8]) -> Result<(), Refusal> {
        if self.refusal.is_some() {
            return Ok(());
        }
        self.parser.push(data);
        loop {
            let event = self.parser.next().map_err(|_| malformed())?;
            let Some(event) = event else { return Ok(()) };
            match event {
                Event::Field { .. } | Event::FileStart { .. } if self.file_over => {
                    return Err(Refusal::bad(
                        "InvalidArgument",
                        "POST requires exactly one file upload per request, after all other fields",
                    ));
                }
                Event::Field { name, value } => self.fields.push((name, value)),
                Event::FileStart { name } if name == "file" => self.id = Some(self.check()?),
                Event::FileStart { name } => {
                    return Err(Refusal::bad("InvalidArgument", format!("The file must be named file, not {name}")));
                }
                Event::FileData(data) => {
                    self.size += data.len() as u64;
                    if self.size > self.shared.config.upload_limit {
                        return Err(Refusal::bad(
                            "EntityTooLarge",
                            "Your proposed upload exceeds the maximum allowed size",
                        ));
                    }
                    self.crc32.update(&data);
                    let room = MOST_HEAD - self.head.len();
                    self.head.extend_from_slice(&data[..data.len().min(room)]);
                }
                Event::FileEnd => self.file_over = true,
                Event::End => self.over = true,
            }
        }
    }

    /// Finds the place the fields speak of, if they are the fields handed out for it.
    fn check(&self) -> Result<Uuid, Refusal> {
        let given = |name: &str| self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some((_, key)) = given("key") else {
            return Err(Refusal::bad(
                "InvalidArgument",
                "Bucket POST must contain a field named 'key'. If it is specified, please check the order of the fields.",
            ));
        };
        let uploads = lock(&self.shared.uploads);
        let place = std::str::from_utf8(key)
            .ok()
            .and_then(|key| key.rsplit('/').next()?.split_once('.'))
            .and_then(|(id, _)| Uuid::parse(id))
            .and_then(|id| Some((id, uploads.slots.get(&id)?)));
        let Some((id, slot)) = place else {
            return Err(Refusal::denied("AccessDenied", "Invalid according to Policy: Policy Condition failed: key"));
        };
        let expected = form_fields(self.shared, id, slot);
        for (name, value) in &expected {
            match given(name) {
                None => {
                    return Err(Refusal::denied(
                        "AccessDenied",
                        format!("Invalid according to Policy: {name} is missing"),
                    ));
                }
                Some((_, given)) if given == value.as_bytes() => {}
                Some(_) if *name == "X-Amz-Signature" || *name == "Policy" => {
                    return Err(Refusal::denied(
                        "SignatureDoesNotMatch",
                        "The request signature we calculated does not match the signature you provided.",
                    ));
                }
                Some(_) => {
                    return Err(Refusal::denied(
                        "AccessDenied",
                        format!("Invalid according to Policy: Policy Condition failed: {name}"),
                    ));
                }
            }
        }
        let extra =
            self.fields.iter().find(|(name, _)| !expected.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)));
        match extra {
            Some((name, _)) => Err(Refusal::denied(
                "AccessDenied",
                format!("Invalid according to Policy: Extra input fields: {}", escape(name)),
            )),
            None => Ok(id),
        }
    }

    fn finish(self) -> Result<String, Refusal> {
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        if !self.over {
            return Err(malformed());
        }
        let Some(id) = self.id else {
            return Err(Refusal::bad("InvalidArgument", "POST requires exactly one file upload per request."));
        };
        let crc32 = self.crc32.finalize();
        let content_type = kind_of(&self.head);
        let file = File { size: self.size, crc32, content_type, head: self.head.into() };
        lock(&self.shared.uploads).store(id, file);
        Ok(format!("\"{crc32:08x}\""))
    }
}

fn malformed() -> Refusal {
    Refusal::bad("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn kind_of(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if head.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            if place <= chunk.len() {
                text.push(char::from(DIGITS[(group >> (18 - 6 * place) & 63) as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_any_length() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
