use crate::models::{CustomElement, UserId};
use crate::{Call, LeonardoCore, operations};

/// Lists a user's elements: `GET /v1/elements/user/{userId}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn elements_get_custom_elements_by_user_id(
    core: &LeonardoCore,
    user_id: impl Into<UserId>,
) -> Call<Vec<CustomElement>> {
    Call::new(core, &operations::ELEMENTS_GET_CUSTOM_ELEMENTS_BY_USER_ID).id(user_id.into())
}
