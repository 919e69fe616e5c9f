//! Uploaded images: places to upload to, and what was uploaded.

use std::fmt;

use serde_json::{Map, Value};

use super::form::{Names, pairs, without_query};
use super::{ImageExtension, InitImageId, Timestamp};
use crate::codec::Model;

/// Asks for a place to upload an image to.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct UploadInitImageRequest {
    /// The kind of file.
    #[model(required)]
    pub extension: ImageExtension,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl UploadInitImageRequest {
    /// For a file of that kind.
    pub fn new(extension: impl Into<ImageExtension>) -> Self {
        Self { extension: extension.into(), extra: Map::new() }
    }
}

/// Asks for places to upload an image of the Canvas Editor and its mask to.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct UploadCanvasInitImageRequest {
    /// The kind of file that the image is.
    #[model(required)]
    pub init_extension: ImageExtension,
    /// The kind of file that the mask is.
    #[model(required)]
    pub mask_extension: ImageExtension,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl UploadCanvasInitImageRequest {
    /// For an image and a mask of these kinds.
    pub fn new(init_extension: impl Into<ImageExtension>, mask_extension: impl Into<ImageExtension>) -> Self {
        Self { init_extension: init_extension.into(), mask_extension: mask_extension.into(), extra: Map::new() }
    }
}

/// A place to upload an image to: a presigned form, to be sent to [`url`](Self::url) as `multipart/form-data`,
/// every field of it first and the file last, under the name `file`, without the API key.
///
/// Whoever has the form can upload, for as long as it is valid, so `Debug` shows neither its values nor the query
/// of the URL.
#[derive(Clone, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct InitImageUpload {
    /// The identifier of the image, once it is uploaded.
    #[model(required)]
    pub id: InitImageId,
    /// Where to send the form.
    pub url: String,
    /// What the storage will call the image; one of the fields too.
    pub key: String,
    /// The form's fields as the service gives them: the text of a JSON object. [`fields()`](Self::fields()) reads
    /// it.
    #[model(no_setter)]
    pub fields: String,
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

/// Places to upload an image of the Canvas Editor and its mask to; each as [`InitImageUpload`] describes.
#[derive(Clone, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct CanvasInitImageUpload {
    /// The identifier of the image, once it is uploaded.
    #[model(required)]
    pub init_image_id: InitImageId,
    /// Where to send the image's form.
    pub init_url: String,
    /// What the storage will call the image.
    pub init_key: String,
    /// The fields of the image's form: the text of a JSON object. [`init_fields()`](Self::init_fields()) reads it.
    #[model(no_setter)]
    pub init_fields: String,
    /// The identifier of the mask, once it is uploaded.
    #[model(required, alias = "masksImageId")]
    pub mask_image_id: InitImageId,
    /// Where to send the mask's form.
    #[model(alias = "masksUrl")]
    pub mask_url: String,
    /// What the storage will call the mask.
    #[model(alias = "masksKey")]
    pub mask_key: String,
    /// The fields of the mask's form: the text of a JSON object. [`mask_fields()`](Self::mask_fields()) reads it.
    #[model(alias = "masksFields", no_setter)]
    pub mask_fields: String,
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

/// An uploaded image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct InitImage {
    /// The image's identifier.
    #[model(required)]
    pub id: InitImageId,
    /// Where the image is. The link works without the API key, which must not be sent there.
    pub url: String,
    /// When its place was handed out, in UTC.
    pub created_at: Option<Timestamp>,
}

/// An uploaded image that is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct DeletedInitImage {
    /// The identifier that it had.
    #[model(required)]
    pub id: InitImageId,
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
