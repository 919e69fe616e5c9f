//! The place that the API gives, and the form that is sent there.

use bytes::Bytes;
use http::{HeaderValue, StatusCode};

use super::super::{Kind, address};
use super::UploadReason;
use crate::core::server_url::ServerUrl;
use crate::url::Url;

/// What the API gives for an upload.
pub(crate) struct UploadTarget<T, const N: usize> {
    /// What the files can be named by once they are there.
    pub(crate) id: T,
    /// The form of each file.
    pub(crate) forms: [Form; N],
}

/// A presigned form as the API gives it.
pub(crate) struct Form {
    url: String,
    fields: Option<Vec<(String, String)>>,
}

impl Form {
    pub(crate) fn new(fields: serde_json::Result<Vec<(String, String)>>, url: String) -> Self {
        // The error could quote a value.
        Self { url, fields: fields.ok() }
    }
}

/// A form that can be sent.
pub(super) struct Target {
    pub(super) url: Url,
    fields: Vec<(String, String)>,
}

impl Target {
    pub(super) fn new(form: Form, server: &ServerUrl) -> Result<Self, UploadReason> {
        let (_, url) = address(&form.url, server);
        let url = url.map_err(UploadReason::Place)?;
        let fields = form.fields.ok_or(UploadReason::Place("its form cannot be read"))?;
        Ok(Self { url, fields })
    }

    /// The status of success: the form can ask for another.
    pub(super) fn success(&self) -> StatusCode {
        let asked = self.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("success_action_status"));
        match asked.map(|(_, status)| status.as_str()) {
            Some("200") => StatusCode::OK,
            Some("201") => StatusCode::CREATED,
            _ => StatusCode::NO_CONTENT,
        }
    }

    /// What the storage must not be quoted with.
    pub(super) fn secrets(&self) -> Vec<&str> {
        self.fields.iter().map(|(_, value)| value.as_str()).chain(self.url.query()).collect()
    }
}

/// The form around a file, as `multipart/form-data`.
pub(super) struct Multipart {
    pub(super) content_type: HeaderValue,
    pub(super) before: Bytes,
    pub(super) after: Bytes,
}

impl Multipart {
    pub(super) fn new(target: &Target, kind: Kind) -> Result<Self, UploadReason> {
        let boundary = format!("leonardo-ai-{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        let mut before = String::new();
        for (name, value) in &target.fields {
            // As browsers do it.
            let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
            before.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        // The name of the caller's file stays here.
        let Kind { extension, content_type } = kind;
        let name = content_type.split('/').next().unwrap_or("file");
        before.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}.{extension}\"\r\n\
             Content-Type: {content_type}\r\n\r\n"
        ));
        let content_type = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"));
        let content_type = content_type.map_err(|_| UploadReason::Place("its form cannot be sent"))?;
        Ok(Self { content_type, before: before.into(), after: format!("\r\n--{boundary}--\r\n").into() })
    }
}
