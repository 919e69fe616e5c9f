//! Uploaded 3D models, which textures are made for.

use std::fmt;

use serde_json::{Map, Value};

use super::form::{Names, pairs, without_query};
use super::{ModelAssetId, Timestamp, UserId};
use crate::codec::{Model, open_enum};

open_enum!(
    /// The kind of a file with a 3D model that is going to be uploaded.
    pub enum ModelAssetExtension {
        /// Wavefront, with UV mapping.
        Obj = "obj",
    }
);

/// Asks for a place to upload a 3D model to.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct UploadModelAssetRequest {
    /// The kind of file.
    pub model_extension: Option<ModelAssetExtension>,
    /// The name of the 3D model: all that tells it from others in a list.
    pub name: Option<String>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl UploadModelAssetRequest {
    /// For a file of that kind.
    pub fn new(model_extension: impl Into<ModelAssetExtension>) -> Self {
        Self { model_extension: Some(model_extension.into()), name: None, extra: Map::new() }
    }
}

/// A place to upload a 3D model to: a presigned form, to be sent to [`model_url`](Self::model_url) as
/// `multipart/form-data`, every field of it first and the file last, under the name `file`, without the API key.
///
/// Whoever has the form can upload, for as long as it is valid, about two minutes, so `Debug` shows neither its values nor
/// the query of the URL.
#[derive(Clone, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct ModelAssetUpload {
    /// The identifier of the 3D model, once it is uploaded.
    #[model(required)]
    pub model_id: ModelAssetId,
    /// Where to send the form.
    pub model_url: String,
    /// What the storage will call the file; one of the fields too.
    pub model_key: String,
    /// The form's fields as the service gives them: the text of a JSON object. [`model_fields()`](Self::model_fields())
    /// reads it.
    #[model(no_setter)]
    pub model_fields: String,
}

impl ModelAssetUpload {
    /// The form's fields in their order.
    ///
    /// # Errors
    ///
    /// If [`model_fields`](Self#structfield.model_fields) is not the text of a JSON object.
    pub fn model_fields(&self) -> serde_json::Result<Vec<(String, String)>> {
        pairs(&self.model_fields)
    }
}

impl fmt::Debug for ModelAssetUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model_id, model_url, model_key, model_fields } = self;
        let mut shown = f.debug_struct("ModelAssetUpload");
        shown.field("model_id", model_id).field("model_url", &without_query(model_url));
        shown.field("model_key", model_key).field("model_fields", &Names(model_fields)).finish()
    }
}

/// Which part of a user's 3D models to list.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
#[model(request)]
pub struct Get3dModelsByUserIdRequest {
    /// How many to list at most. The service takes 10 when this is not sent.
    pub limit: Option<u32>,
    /// How many to pass over. The service takes 0 when this is not sent.
    pub offset: Option<u32>,
}

/// An uploaded 3D model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct ModelAsset {
    /// Its identifier.
    #[model(required)]
    pub id: ModelAssetId,
    /// Its name.
    pub name: Option<String>,
    /// Where its mesh is. The link works without the API key, which must not be sent there.
    pub mesh_url: String,
    /// Whose it is.
    pub user_id: Option<UserId>,
    /// When its place was handed out, in UTC.
    pub created_at: Option<Timestamp>,
    /// When it was last changed, in UTC.
    pub updated_at: Option<Timestamp>,
}

/// A 3D model that is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct DeletedModelAsset {
    /// The identifier that it had.
    #[model(required)]
    pub id: ModelAssetId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keep_their_fields_to_themselves() {
        let fields = r#"{"key":"k","X-Amz-Signature":"s3cr3t"}"#;
        let json = serde_json::json!({"modelId": "i", "modelUrl": "https://h/b?t=t0ken", "modelFields": fields});
        let place: ModelAssetUpload = serde_json::from_value(json).unwrap();
        assert_eq!(place.model_fields().unwrap()[1], ("X-Amz-Signature".to_owned(), "s3cr3t".to_owned()));
        let shown = format!("{place:?}");
        assert!(shown.contains("X-Amz-Signature") && shown.contains("https://h/b"), "{shown}");
        assert!(!shown.contains("s3cr3t") && !shown.contains("t0ken"), "{shown}");
    }
}
