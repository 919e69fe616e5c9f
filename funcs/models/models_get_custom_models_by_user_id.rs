use crate::models::{CustomModel, UserId};
use crate::{Call, LeonardoCore, operations};

/// Lists a user's models: `GET /v1/models/user/{userId}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn models_get_custom_models_by_user_id(core: &LeonardoCore, user_id: impl Into<UserId>) -> Call<Vec<CustomModel>> {
    Call::new(core, &operations::MODELS_GET_CUSTOM_MODELS_BY_USER_ID).id(user_id.into())
}
