//! Uploads: the forms handed out for files, and what was sent with them.

use std::collections::{HashMap, VecDeque};
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::clock;
use super::files::{Kind, announced, recognise};
use super::ids::{self, mix};
use super::media::Details;
use super::urls::Urls;

/// The length of a file beyond which only its first bytes are kept.
pub(crate) const MOST_WHOLE: usize = 16 * 1024 * 1024;
/// How many bytes of such a file are kept, and how many of every file are shown.
pub(crate) const HEAD: usize = 64 * 1024;
/// Bytes kept of all files together; those of older ones are forgotten.
const MOST_KEPT: usize = 64 * 1024 * 1024;

/// A file that was uploaded whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upload {
    /// The id under which requests name the file.
    pub id: String,
    /// The extension announced for it.
    pub extension: String,
    /// Its length in bytes.
    pub size: u64,
    /// The CRC-32 (as in PNG and zip files) of all its bytes.
    pub crc32: u32,
    /// What the first bytes look like, such as `image/png`; nothing for what is no known kind of file.
    pub content_type: Option<&'static str>,
    /// The first 64 KiB, unless much was uploaded later.
    pub head: Bytes,
}

/// The fields of a presigned form, as S3 names them.
pub(crate) type Fields = Vec<(&'static str, String)>;

/// A presigned form as the API tells of it.
pub(crate) struct UploadTarget {
    pub(crate) id: Uuid,
    pub(crate) url: String,
    pub(crate) key: String,
    /// A JSON object in a string.
    pub(crate) fields: String,
}

/// A presigned form that was handed out, and its file once that is there.
pub(crate) struct PresignedUpload {
    pub(crate) kind: Kind,
    pub(crate) extension: String,
    pub(crate) created: SystemTime,
    pub(crate) file: Option<File>,
}

pub(crate) struct File {
    pub(crate) size: u64,
    pub(crate) crc32: u32,
    /// What it is by its first bytes.
    pub(crate) content_type: Option<&'static str>,
    /// Of a video or a sound; kept when the first bytes are forgotten.
    pub(crate) details: Details,
    /// All of it, or what is kept of it.
    pub(crate) head: Bytes,
    pub(crate) arrived: Instant,
    /// The same moment in the time of day.
    pub(crate) stored: SystemTime,
}

impl File {
    pub(crate) fn new(size: u64, crc32: u32, head: Bytes) -> Self {
        Self {
            size,
            crc32,
            content_type: recognise(&head),
            details: Details::of(&head),
            head,
            arrived: Instant::now(),
            stored: SystemTime::now(),
        }
    }

    /// Whether all its bytes are kept.
    pub(crate) fn is_whole(&self) -> bool {
        self.size == self.head.len() as u64
    }
}

/// Whether an image can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    No,
    /// There is a form for it, and nothing was uploaded.
    Empty,
    Yes,
}

/// All forms handed out.
pub(crate) struct Uploads {
    urls: Urls,
    /// The largest file, in bytes.
    limit: u64,
    /// What signatures are made with.
    secret: u64,
    presigned: HashMap<Uuid, PresignedUpload>,
    /// Whose bytes are kept, and how many those are, oldest first.
    kept: VecDeque<(Uuid, usize)>,
    order: Vec<Uuid>,
}

impl Uploads {
    pub(crate) fn new(urls: Urls, limit: u64) -> Self {
        Self {
            urls,
            limit,
            secret: fastrand::u64(..),
            presigned: HashMap::new(),
            kept: VecDeque::new(),
            order: Vec::new(),
        }
    }

    /// A new form for a file.
    pub(crate) fn hand_out(&mut self, kind: Kind, extension: &str) -> UploadTarget {
        let id = ids::random();
        let key = self.urls.upload_key(&kind, id, extension);
        let upload = PresignedUpload { kind, extension: extension.to_owned(), created: SystemTime::now(), file: None };
        let fields: Map<String, Value> =
            self.fields(id, &upload).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        self.presigned.insert(id, upload);
        self.order.push(id);
        UploadTarget { id, url: self.urls.storage(), key, fields: Value::Object(fields).to_string() }
    }

    /// The fields of the form of this upload. They follow from it, so they need not be kept.
    pub(crate) fn fields(&self, id: Uuid, upload: &PresignedUpload) -> Fields {
        let key = self.urls.upload_key(&upload.kind, id, &upload.extension);
        let date: String =
            clock::zoneless(upload.created).split('.').next().unwrap_or_default().replace(['-', ':'], "") + "Z";
        let credential = format!("EMULATOR/{}/us-east-1/s3/aws4_request", &date[..8]);
        let policy = json!({
            "conditions": [{"key": key}, {"bucket": "uploads"}, ["content-length-range", 0, self.limit]],
        });
        let (high, low) = id.as_u64_pair();
        let signature: String =
            (0..4).map(|part| format!("{:016x}", mix(self.secret ^ mix(high ^ low ^ part)))).collect();
        let mut fields = vec![
            ("Content-Type", announced(&upload.extension).to_owned()),
            ("bucket", "uploads".to_owned()),
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()),
            ("X-Amz-Credential", credential),
            ("X-Amz-Date", date),
            ("key", key),
            ("Policy", STANDARD.encode(policy.to_string())),
            ("X-Amz-Signature", signature),
        ];
        if let Kind::Media { .. } = upload.kind {
            fields.push(("x-amz-meta-upload_type", "INIT".to_owned()));
        }
        fields
    }

    pub(crate) fn get(&self, id: Uuid) -> Option<&PresignedUpload> {
        self.presigned.get(&id)
    }

    /// The upload of an init image.
    pub(crate) fn init_image(&self, id: Uuid) -> Option<&PresignedUpload> {
        self.get(id).filter(|upload| upload.kind == Kind::InitImage)
    }

    /// The upload of a video or a sound.
    pub(crate) fn media(&self, id: Uuid) -> Option<&PresignedUpload> {
        self.get(id).filter(|upload| matches!(upload.kind, Kind::Media { .. }))
    }

    /// The upload of a 3D model.
    pub(crate) fn model_asset(&self, id: Uuid) -> Option<&PresignedUpload> {
        self.get(id).filter(|upload| matches!(upload.kind, Kind::ModelAsset { .. }))
    }

    /// The uploads of all 3D models, those first whose forms were handed out last.
    pub(crate) fn model_assets(&self) -> impl Iterator<Item = (Uuid, &PresignedUpload)> {
        self.order.iter().rev().filter_map(|id| Some((*id, self.model_asset(*id)?)))
    }

    /// Forgets an upload and its file; whether there was one.
    pub(crate) fn remove(&mut self, id: Uuid) -> bool {
        self.order.retain(|known| *known != id);
        self.kept.retain(|(known, _)| *known != id);
        self.presigned.remove(&id).is_some()
    }

    /// Whether there is an init image of this id.
    pub(crate) fn known(&self, id: &str) -> Known {
        match ids::parse(id).and_then(|id| self.init_image(id)) {
            None => Known::No,
            Some(PresignedUpload { file: None, .. }) => Known::Empty,
            Some(_) => Known::Yes,
        }
    }

    /// The files uploaded whole, those first whose forms were handed out first.
    pub(crate) fn all(&self) -> Vec<Upload> {
        let file = |id: &Uuid| {
            let upload = self.presigned.get(id)?;
            let file = upload.file.as_ref()?;
            Some(Upload {
                id: id.to_string(),
                extension: upload.extension.clone(),
                size: file.size,
                crc32: file.crc32,
                content_type: file.content_type,
                head: file.head.slice(..file.head.len().min(HEAD)),
            })
        };
        self.order.iter().filter_map(file).collect()
    }

    /// Keeps a file that has arrived.
    pub(crate) fn store(&mut self, id: Uuid, file: File) {
        if let Some(upload) = self.presigned.get_mut(&id) {
            self.kept.retain(|(known, _)| *known != id);
            self.kept.push_back((id, file.head.len()));
            upload.file = Some(file);
        }
        let mut bytes: usize = self.kept.iter().map(|(_, bytes)| bytes).sum();
        while bytes > MOST_KEPT {
            let Some((oldest, freed)) = self.kept.pop_front() else { break };
            bytes -= freed;
            if let Some(file) = self.presigned.get_mut(&oldest).and_then(|upload| upload.file.as_mut()) {
                file.head = Bytes::new();
            }
        }
    }
}
