//! The storage that takes uploads, strict as S3 is with presigned forms.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use http_body_util::BodyExt;
use uuid::Uuid;

use crate::http::multipart::{Event, Parser};
use crate::http::response;
use crate::state::State;
use crate::state::ids;
use crate::state::log::Entry;
use crate::state::uploads::{File, HEAD, MOST_WHOLE};
use crate::sync::lock;

/// All below `/storage/`.
pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/storage/uploads", post(receive))
        .fallback(not_allowed)
        .method_not_allowed_fallback(not_allowed)
        .with_state(state)
}

async fn not_allowed() -> Response<Body> {
    response::xml(
        StatusCode::METHOD_NOT_ALLOWED,
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
    )
}

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

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        let Self(status, code, message) = self;
        response::xml(status, code, &message)
    }
}

/// Takes a form with a file, as S3 does for a presigned POST.
async fn receive(Extract(state): Extract<Arc<State>>, request: Request<Body>) -> Result<Response<Body>, Refusal> {
    let entry = request.extensions().get::<Entry>().copied();
    let (parts, mut body) = request.into_parts();
    let mut form = Form::new(&state, &parts.headers);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::bad("IncompleteBody", "The request body ended early"))?;
        let Ok(data) = frame.into_data() else { continue };
        if let Some(entry) = entry {
            lock(&state.log).body(entry, &data);
        }
        // After a refusal the rest is read and thrown away: who still sends would not see a response given early.
        if let Ok(taking) = &mut form {
            if let Err(refusal) = taking.push(&data) {
                form = Err(refusal);
            }
        }
    }
    let etag = form?.finish()?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}

/// A form on its way in.
struct Form<'a> {
    state: &'a State,
    parser: Parser,
    fields: Vec<(String, Vec<u8>)>,
    /// The upload of the file, once it has begun.
    id: Option<Uuid>,
    size: u64,
    crc32: crc32fast::Hasher,
    head: Vec<u8>,
    file_over: bool,
    over: bool,
}

impl<'a> Form<'a> {
    fn new(state: &'a State, headers: &HeaderMap) -> Result<Self, Refusal> {
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
            state,
            parser,
            fields: Vec::new(),
            id: None,
            size: 0,
            crc32: crc32fast::Hasher::new(),
            head: Vec::new(),
            file_over: false,
            over: false,
        })
    }

    fn push(&mut self, data: &[u8]) -> Result<(), Refusal> {
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
                    if self.size > self.state.config.upload_limit {
                        return Err(Refusal::bad(
                            "EntityTooLarge",
                            "Your proposed upload exceeds the maximum allowed size",
                        ));
                    }
                    self.crc32.update(&data);
                    if self.size <= MOST_WHOLE as u64 {
                        self.head.extend_from_slice(&data);
                    } else if self.head.len() > HEAD {
                        self.head.truncate(HEAD);
                        self.head.shrink_to_fit();
                    }
                }
                Event::FileEnd => self.file_over = true,
                Event::End => self.over = true,
            }
        }
    }

    /// Finds the upload that the fields are of, if they are those handed out for it.
    fn check(&self) -> Result<Uuid, Refusal> {
        let Some(key) = self.given("key") else {
            return Err(Refusal::bad(
                "InvalidArgument",
                "Bucket POST must contain a field named 'key'. If it is specified, please check the order of the fields.",
            ));
        };
        let uploads = lock(&self.state.uploads);
        let id = id_of(key);
        let Some((id, upload)) = id.and_then(|id| Some((id, uploads.get(id)?))) else {
            return Err(policy("Policy Condition failed: key"));
        };
        let expected = uploads.fields(id, upload);
        for (name, value) in &expected {
            match self.given(name) {
                None => return Err(policy(&format!("{name} is missing"))),
                Some(given) if given == value.as_bytes() => {}
                Some(_) if *name == "X-Amz-Signature" || *name == "Policy" => {
                    return Err(Refusal::denied(
                        "SignatureDoesNotMatch",
                        "The request signature we calculated does not match the signature you provided.",
                    ));
                }
                Some(_) => return Err(policy(&format!("Policy Condition failed: {name}"))),
            }
        }
        let extra =
            self.fields.iter().find(|(name, _)| !expected.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)));
        match extra {
            Some((name, _)) => Err(policy(&format!("Extra input fields: {}", escape(name)))),
            None => Ok(id),
        }
    }

    fn given(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    }

    fn finish(self) -> Result<String, Refusal> {
        if !self.over {
            return Err(malformed());
        }
        let Some(id) = self.id else {
            return Err(Refusal::bad("InvalidArgument", "POST requires exactly one file upload per request."));
        };
        let crc32 = self.crc32.finalize();
        lock(&self.state.uploads).store(id, File::new(self.size, crc32, self.head.into()));
        Ok(format!("\"{crc32:08x}\""))
    }
}

/// The id in the key of an upload.
fn id_of(key: &[u8]) -> Option<Uuid> {
    let name = std::str::from_utf8(key).ok()?.rsplit('/').next()?;
    ids::parse(name.split_once('.')?.0)
}

fn policy(failed: &str) -> Refusal {
    Refusal::denied("AccessDenied", format!("Invalid according to Policy: {failed}"))
}

fn malformed() -> Refusal {
    Refusal::bad("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
