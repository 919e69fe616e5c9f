//! Data sets: pictures to train elements and models with.

use std::fmt;

use serde_json::{Map, Value};

use super::form::{Names, pairs, without_query};
use super::{DatasetId, DatasetImageId, ImageExtension, ImageId, Timestamp};
use crate::codec::Model;

/// Asks for a new data set, without pictures.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct CreateDatasetRequest {
    /// Its name. Several data sets may have the same one.
    #[model(required)]
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateDatasetRequest {
    /// A data set of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), description: None, extra: Map::new() }
    }
}

/// A data set that is new.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct CreatedDataset {
    /// Its identifier. Keep it: there is no list of data sets.
    #[model(required)]
    pub id: DatasetId,
}

/// A data set and its pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct Dataset {
    /// Its identifier.
    #[model(required)]
    pub id: DatasetId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it was created, in UTC.
    pub created_at: Option<Timestamp>,
    /// When it was last changed, in UTC.
    pub updated_at: Option<Timestamp>,
    /// All of its pictures.
    #[model(name = "dataset_images")]
    pub dataset_images: Vec<DatasetImage>,
}

/// A picture of a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct DatasetImage {
    /// Its identifier.
    pub id: DatasetImageId,
    /// Where it is. The link works without the API key, which must not be sent there.
    pub url: String,
    /// When its place was handed out, in UTC.
    pub created_at: Option<Timestamp>,
}

/// Asks for a place to upload a picture of a data set to.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct UploadDatasetImageRequest {
    /// The kind of file.
    #[model(required)]
    pub extension: ImageExtension,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl UploadDatasetImageRequest {
    /// For a file of that kind.
    pub fn new(extension: impl Into<ImageExtension>) -> Self {
        Self { extension: extension.into(), extra: Map::new() }
    }
}

/// A place to upload a picture of a data set to: a presigned form, to be sent to [`url`](Self::url) as
/// `multipart/form-data`, every field of it first and the file last, under the name `file`, without the API key.
///
/// Whoever has the form can upload, for as long as it is valid, about two minutes, so `Debug` shows neither its values nor
/// the query of the URL.
#[derive(Clone, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct DatasetImageUpload {
    /// The identifier of the picture, once it is uploaded.
    #[model(required)]
    pub id: DatasetImageId,
    /// Where to send the form.
    pub url: String,
    /// What the storage will call the picture; one of the fields too.
    pub key: String,
    /// The form's fields as the service gives them: the text of a JSON object. [`fields()`](Self::fields()) reads
    /// it.
    #[model(no_setter)]
    pub fields: String,
}

impl DatasetImageUpload {
    /// The form's fields in their order.
    ///
    /// # Errors
    ///
    /// If [`fields`](Self#structfield.fields) is not the text of a JSON object.
    pub fn fields(&self) -> serde_json::Result<Vec<(String, String)>> {
        pairs(&self.fields)
    }
}

impl fmt::Debug for DatasetImageUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, url, key, fields } = self;
        let mut shown = f.debug_struct("DatasetImageUpload");
        shown
            .field("id", id)
            .field("url", &without_query(url))
            .field("key", key)
            .field("fields", &Names(fields))
            .finish()
    }
}

/// Asks for a generated image to become a picture of a data set.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct UploadDatasetImageFromGenRequest {
    /// The image.
    #[model(required)]
    pub generated_image_id: ImageId,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl UploadDatasetImageFromGenRequest {
    /// For that image.
    pub fn new(image: impl Into<ImageId>) -> Self {
        Self { generated_image_id: image.into(), extra: Map::new() }
    }
}

/// A picture that a data set has from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct AddedDatasetImage {
    /// Its identifier.
    #[model(required)]
    pub id: DatasetImageId,
}

/// A data set that is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct DeletedDataset {
    /// The identifier that it had.
    #[model(required)]
    pub id: DatasetId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keep_their_fields_to_themselves() {
        let fields = r#"{"key":"k","X-Amz-Signature":"s3cr3t"}"#;
        let json = serde_json::json!({"id": "i", "url": "https://h/b?t=t0ken", "key": "k", "fields": fields});
        let place: DatasetImageUpload = serde_json::from_value(json).unwrap();
        assert_eq!(place.fields().unwrap()[1], ("X-Amz-Signature".to_owned(), "s3cr3t".to_owned()));
        let shown = format!("{place:?}");
        assert!(shown.contains("X-Amz-Signature") && shown.contains("https://h/b"), "{shown}");
        assert!(!shown.contains("s3cr3t") && !shown.contains("t0ken"), "{shown}");
    }
}
