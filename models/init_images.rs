//! Uploaded images: places to upload to, and what was uploaded.

use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::open_enum::open_enum;
use super::wire::{self, Loose};
use super::{InitImageId, Timestamp};

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

/// Asks for a place to upload an image to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UploadInitImageRequest {
    /// The kind of file.
    pub extension: ImageExtension,
    /// Fields that this type does not have, under their names on the wire.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl UploadInitImageRequest {
    /// For a file of that kind.
    pub fn new(extension: impl Into<ImageExtension>) -> Self {
        Self { extension: extension.into(), extra: Map::new() }
    }
}

/// Asks for places to upload an image of the Canvas Editor and its mask to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadCanvasInitImageRequest {
    /// The kind of file that the image is.
    pub init_extension: ImageExtension,
    /// The kind of file that the mask is.
    pub mask_extension: ImageExtension,
    /// Fields that this type does not have, under their names on the wire.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl UploadCanvasInitImageRequest {
    /// For an image and a mask of these kinds.
    pub fn new(init_extension: impl Into<ImageExtension>, mask_extension: impl Into<ImageExtension>) -> Self {
        Self { init_extension: init_extension.into(), mask_extension: mask_extension.into(), extra: Map::new() }
    }
}

/// A place to upload an image to: a presigned form, to be sent to [`url`](Self::url) as `multipart/form-data`, every
/// field of it first and the file last, under the name `file`, without the API key.
///
/// Whoever has the form can upload, for as long as it is valid, so `Debug` shows neither its values nor the query of the
/// URL.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InitImageUpload {
    /// The identifier of the image, once it is uploaded.
    #[serde(deserialize_with = "init_image_id")]
    pub id: InitImageId,
    /// Where to send the form.
    #[serde(default, deserialize_with = "wire::or_default")]
    pub url: String,
    /// What the storage will call the image; one of the fields too.
    #[serde(default, deserialize_with = "wire::or_default")]
    pub key: String,
    /// The form's fields as the service gives them: the text of a JSON object. [`fields()`](Self::fields()) reads it.
    #[serde(default, deserialize_with = "object_as_text")]
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
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CanvasInitImageUpload {
    /// The identifier of the image, once it is uploaded.
    #[serde(deserialize_with = "init_image_id")]
    pub init_image_id: InitImageId,
    /// Where to send the image's form.
    #[serde(default, deserialize_with = "wire::or_default")]
    pub init_url: String,
    /// What the storage will call the image.
    #[serde(default, deserialize_with = "wire::or_default")]
    pub init_key: String,
    /// The fields of the image's form: the text of a JSON object. [`init_fields()`](Self::init_fields()) reads it.
    #[serde(default, deserialize_with = "object_as_text")]
    pub init_fields: String,
    /// The identifier of the mask, once it is uploaded.
    #[serde(deserialize_with = "init_image_id")]
    pub mask_image_id: InitImageId,
    /// Where to send the mask's form.
    #[serde(default, deserialize_with = "wire::or_default")]
    pub mask_url: String,
    /// What the storage will call the mask.
    #[serde(default, deserialize_with = "wire::or_default")]
    pub mask_key: String,
    /// The fields of the mask's form: the text of a JSON object. [`mask_fields()`](Self::mask_fields()) reads it.
    #[serde(default, deserialize_with = "object_as_text")]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InitImage {
    /// The image's identifier.
    #[serde(deserialize_with = "init_image_id")]
    pub id: InitImageId,
    /// Where the image is. The link works without the API key, which must not be sent there.
    #[serde(default, deserialize_with = "wire::or_default")]
    pub url: String,
    /// When its place was handed out, in UTC.
    pub created_at: Option<Timestamp>,
}

/// An uploaded image that is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeletedInitImage {
    /// The identifier that it had.
    #[serde(deserialize_with = "init_image_id")]
    pub id: InitImageId,
}

/// An identifier that later requests depend on, so a blank one is as bad as none.
fn init_image_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<InitImageId, D::Error> {
    let id = InitImageId::deserialize(deserializer)?;
    if id.as_str().trim().is_empty() {
        return Err(de::Error::custom("the identifier of the image is empty"));
    }
    Ok(id)
}

/// The text of a JSON object, also where the object itself stands in its place.
fn object_as_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Loose::deserialize(deserializer)? {
        Loose::Map(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (name, value.into_text().unwrap_or_default()));
            serde_json::to_string(&Pairs(fields.collect())).map_err(de::Error::custom)
        }
        other => Ok(other.into_text().unwrap_or_default()),
    }
}

fn pairs(text: &str) -> serde_json::Result<Vec<(String, String)>> {
    serde_json::from_str(text).map(|Pairs(pairs)| pairs)
}

/// An object of texts that keeps its order.
struct Pairs(Vec<(String, String)>);

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Loose>()? {
                    pairs.push((name, value.into_text().unwrap_or_default()));
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(InOrder)
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
        let place: InitImageUpload = from_str(r#"{"id":"i","fields":{"b":"1","a":2},"new":[]}"#).unwrap();
        assert_eq!(place.fields, r#"{"b":"1","a":"2"}"#);
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
