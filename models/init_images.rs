//! Uploaded images: places to upload to, and what was uploaded.

use std::borrow::Cow;
use std::fmt;

use serde_json::Map;

use super::{InitImageId, Timestamp};
use crate::codec::open_enum::open_enum;
use crate::codec::record::{record, request};
use crate::codec::{self, Given, Record, Slot, Taken};

open_enum! {
    /// The kind of file that is going to be uploaded.
    ImageExtension {
        /// PNG.
        Png = "png",
        /// JPEG.
        Jpg = "jpg",
        /// JPEG, by its longer name.
        Jpeg = "jpeg",
        /// WebP.
        Webp = "webp",
    }
}

request! {
    /// Asks for a place to upload an image to.
    #[derive(Clone, Debug, PartialEq)]
    pub struct UploadInitImageRequest {
        /// The kind of file.
        pub extension: ImageExtension = "extension",
        ..
        /// Fields that this type does not have, under their names on the wire.
        pub extra,
    }
}

impl UploadInitImageRequest {
    /// For a file of that kind.
    pub fn new(extension: impl Into<ImageExtension>) -> Self {
        Self { extension: extension.into(), extra: Map::new() }
    }
}

request! {
    /// Asks for places to upload an image of the Canvas Editor and its mask to.
    #[derive(Clone, Debug, PartialEq)]
    pub struct UploadCanvasInitImageRequest {
        /// The kind of file that the image is.
        pub init_extension: ImageExtension = "initExtension",
        /// The kind of file that the mask is.
        pub mask_extension: ImageExtension = "maskExtension",
        ..
        /// Fields that this type does not have, under their names on the wire.
        pub extra,
    }
}

impl UploadCanvasInitImageRequest {
    /// For an image and a mask of these kinds.
    pub fn new(init_extension: impl Into<ImageExtension>, mask_extension: impl Into<ImageExtension>) -> Self {
        Self { init_extension: init_extension.into(), mask_extension: mask_extension.into(), extra: Map::new() }
    }
}

record! {
    /// A place to upload an image to: a presigned form, to be sent to [`url`](Self::url) as `multipart/form-data`,
    /// every field of it first and the file last, under the name `file`, without the API key.
    ///
    /// Whoever has the form can upload, for as long as it is valid, so `Debug` shows neither its values nor the query
    /// of the URL.
    #[derive(Clone, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct InitImageUpload {
        /// The identifier of the image, once it is uploaded.
        pub id: InitImageId = "id",
        /// Where to send the form.
        pub url: String = "url",
        /// What the storage will call the image; one of the fields too.
        pub key: String = "key",
        /// The form's fields as the service gives them: the text of a JSON object. [`fields()`](Self::fields()) reads
        /// it.
        pub fields: String = "fields",
    }
    required id: "the identifier of the image is empty";
}

impl InitImageUpload {
    /// The form's fields in their order.
    ///
    /// # Errors
    ///
    /// If [`fields`](Self#structfield.fields) is not the text of a JSON object.
    pub fn fields(&self) -> serde_json::Result<Vec<(String, String)>> {
        pairs(&self.fields)
    }
}

impl fmt::Debug for InitImageUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, url, key, fields } = self;
        let mut shown = f.debug_struct("InitImageUpload");
        shown.field("id", id).field("url", &without_query(url)).field("key", key).field("fields", &Names(fields));
        shown.finish()
    }
}

record! {
    /// Places to upload an image of the Canvas Editor and its mask to; each as [`InitImageUpload`] describes.
    #[derive(Clone, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct CanvasInitImageUpload {
        /// The identifier of the image, once it is uploaded.
        pub init_image_id: InitImageId = "initImageId",
        /// Where to send the image's form.
        pub init_url: String = "initUrl",
        /// What the storage will call the image.
        pub init_key: String = "initKey",
        /// The fields of the image's form: the text of a JSON object. [`init_fields()`](Self::init_fields()) reads it.
        pub init_fields: String = "initFields",
        /// The identifier of the mask, once it is uploaded.
        pub mask_image_id: InitImageId = "maskImageId",
        /// Where to send the mask's form.
        pub mask_url: String = "maskUrl",
        /// What the storage will call the mask.
        pub mask_key: String = "maskKey",
        /// The fields of the mask's form: the text of a JSON object. [`mask_fields()`](Self::mask_fields()) reads it.
        pub mask_fields: String = "maskFields",
    }
    required init_image_id, mask_image_id: "the identifier of the image is empty";
}

impl CanvasInitImageUpload {
    /// The fields of the image's form in their order.
    ///
    /// # Errors
    ///
    /// If [`init_fields`](Self#structfield.init_fields) is not the text of a JSON object.
    pub fn init_fields(&self) -> serde_json::Result<Vec<(String, String)>> {
        pairs(&self.init_fields)
    }

    /// The fields of the mask's form in their order.
    ///
    /// # Errors
    ///
    /// If [`mask_fields`](Self#structfield.mask_fields) is not the text of a JSON object.
    pub fn mask_fields(&self) -> serde_json::Result<Vec<(String, String)>> {
        pairs(&self.mask_fields)
    }
}

impl fmt::Debug for CanvasInitImageUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("CanvasInitImageUpload");
        shown.field("init_image_id", &self.init_image_id).field("init_url", &without_query(&self.init_url));
        shown.field("init_key", &self.init_key).field("init_fields", &Names(&self.init_fields));
        shown.field("mask_image_id", &self.mask_image_id).field("mask_url", &without_query(&self.mask_url));
        shown.field("mask_key", &self.mask_key).field("mask_fields", &Names(&self.mask_fields));
        shown.finish()
    }
}

record! {
    /// An uploaded image.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct InitImage {
        /// The image's identifier.
        pub id: InitImageId = "id",
        /// Where the image is. The link works without the API key, which must not be sent there.
        pub url: String = "url",
        /// When its place was handed out, in UTC.
        pub created_at: Option<Timestamp> = "createdAt",
    }
    required id: "the identifier of the image is empty";
}

record! {
    /// An uploaded image that is gone.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct DeletedInitImage {
        /// The identifier that it had.
        pub id: InitImageId = "id",
    }
    required id: "the identifier of the image is empty";
}

/// The fields of an object of texts, in its order.
fn pairs(text: &str) -> serde_json::Result<Vec<(String, String)>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let pairs: Pairs = codec::read_some(&mut deserializer)?;
    deserializer.end()?;
    Ok(pairs.0.into_iter().map(|(name, value)| (name, value.0)).collect())
}

#[derive(Default)]
struct Pairs(Vec<(String, FormValue)>);

/// A text; empty for what is none, which is not reported, since the server makes up the names.
#[derive(Default)]
struct FormValue(String);

impl Slot for FormValue {
    fn take(&mut self, given: Given<'_>) -> Taken<'_> {
        self.0 = given.text().map(Cow::into_owned).unwrap_or_default();
        Taken::Done
    }
}

/// Far more fields than a form has. Short ones take many times the memory of their text.
const MAX_FIELDS: usize = 1000;

impl Slot for Pairs {
    fn take(&mut self, given: Given<'_>) -> Taken<'_> {
        if let Given::Object = given { Taken::Record(self) } else { Taken::Refused("an object with a form's fields") }
    }
}

impl Record for Pairs {
    fn slot(&mut self, name: &str) -> Option<&mut dyn Slot> {
        if self.0.len() <= MAX_FIELDS {
            self.0.push((name.to_owned(), FormValue::default()));
        }
        self.0.last_mut().map(|(_, value)| value as _)
    }

    fn end(&mut self) -> Result<(), &'static str> {
        if self.0.len() > MAX_FIELDS { Err("the form has more than 1000 fields") } else { Ok(()) }
    }
}

/// Shows the names of a form's fields, without their values.
struct Names<'a>(&'a str);

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match pairs(self.0) {
            Ok(pairs) => f.debug_set().entries(pairs.iter().map(|(name, _)| name)).finish(),
            Err(_) => f.write_str("hidden"),
        }
    }
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{from_str, from_value, json, to_value};

    use super::*;

    #[test]
    fn requests() {
        let request = UploadInitImageRequest::new("webp");
        assert_eq!(request.extension, ImageExtension::Webp);
        assert_eq!(to_value(&request).unwrap(), json!({"extension": "webp"}));
        let canvas = UploadCanvasInitImageRequest::new(ImageExtension::Jpeg, "avif");
        let json = json!({"initExtension": "jpeg", "maskExtension": "avif"});
        assert_eq!(to_value(&canvas).unwrap(), json);
        assert_eq!(from_value::<UploadCanvasInitImageRequest>(json).unwrap(), canvas);
        assert_eq!(ImageExtension::VALUES, ["png", "jpg", "jpeg", "webp"]);
    }

    #[test]
    fn places_keep_their_fields_in_order_and_to_themselves() {
        let fields =
            r#"{"key":"users/1/initImages/i.png","X-Amz-Signature":"s3cr3t","a":7,"Policy":"p0licy","n":null}"#;
        let json = json!({"id": "i", "url": "https://h/b?t=t0ken", "key": "k", "fields": fields});
        let place: InitImageUpload = from_value(json.clone()).unwrap();
        let pairs = place.fields().unwrap();
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [
            ("key", "users/1/initImages/i.png"),
            ("X-Amz-Signature", "s3cr3t"),
            ("a", "7"),
            ("Policy", "p0licy"),
            ("n", ""),
        ];
        assert_eq!(pairs, expected);
        assert_eq!(to_value(&place).unwrap(), json);
        let shown = format!("{place:?}");
        assert!(shown.contains("X-Amz-Signature") && shown.contains("https://h/b"), "{shown}");
        assert!(["s3cr3t", "p0licy", "t0ken"].iter().all(|secret| !shown.contains(secret)), "{shown}");

        let canvas = json!({
            "initImageId": "i", "initUrl": "u?t0ken", "initKey": "k", "initFields": fields,
            "maskImageId": "m", "maskUrl": "v?t0ken", "maskKey": "l", "maskFields": "{\"s3cr3t",
        });
        let canvas_place: CanvasInitImageUpload = from_value(canvas.clone()).unwrap();
        assert_eq!(canvas_place.init_fields().unwrap().len(), 5);
        assert!(canvas_place.mask_fields().is_err());
        let shown = format!("{canvas_place:?}");
        assert!(["s3cr3t", "p0licy", "t0ken"].iter().all(|secret| !shown.contains(secret)), "{shown}");
        assert_eq!(to_value(&canvas_place).unwrap(), canvas);
    }

    #[test]
    fn other_shapes() {
        let place: InitImageUpload = from_str(r#"{"id":"i","url":null,"key":null,"fields":null}"#).unwrap();
        assert_eq!((place.url.as_str(), place.fields.as_str()), ("", ""));
        assert!(place.fields().is_err());
        for json in ["{}", r#"{"id":null}"#, r#"{"id":" "}"#] {
            assert!(from_str::<InitImageUpload>(json).is_err(), "{json}");
            assert!(from_str::<InitImage>(json).is_err(), "{json}");
            assert!(from_str::<DeletedInitImage>(json).is_err(), "{json}");
        }
        let image: InitImage = from_str(r#"{"createdAt":"2023-11-09T00:42:22.707","id":"i","url":"u"}"#).unwrap();
        assert_eq!((image.url.as_str(), image.created_at.unwrap().unix_millis()), ("u", Some(1_699_490_542_707)));
        assert_eq!(from_str::<DeletedInitImage>(r#"{"id":"i"}"#).unwrap().id.as_str(), "i");
    }
}
