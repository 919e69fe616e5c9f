//! All 3D models of a user, as a stream over the pages.

use crate::LeonardoCore;
use crate::funcs::three_d_model_assets_get_3d_models_by_user_id;
use crate::models::{Get3dModelsByUserIdRequest, ModelAsset, UserId};
use crate::paging::{List, Row};

/// Lists all 3D models of a user, newest first: `GET /v1/models-3d/user/{userId}`, page after page.
///
/// [`List`] tells what is handed out while the list changes, and how to go on after an error.
pub fn three_d_model_assets_list_3d_models(core: &LeonardoCore, user_id: impl Into<UserId>) -> List<ModelAsset> {
    List::new(core, "three_d_model_assets_list_3d_models", user_id.into().into_string(), |core, user, offset, limit| {
        let request = Get3dModelsByUserIdRequest { offset: Some(offset), limit: Some(limit) };
        three_d_model_assets_get_3d_models_by_user_id(core, user, request)
    })
}

impl Row for ModelAsset {
    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn made_at(&self) -> Option<i64> {
        self.created_at.as_ref()?.unix_millis()
    }
}
