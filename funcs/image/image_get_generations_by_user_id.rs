use crate::models::{Generation, GetGenerationsByUserIdRequest, UserId};
use crate::{Call, LeonardoCore, operations};

/// Reads a page of a user's generations, newest first: `GET /v1/generations/user/{userId}`.
///
/// `request` says how many to skip and how many to read, by default none and 10. `user_get_user_self` tells the id of
/// the key's own user.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn image_get_generations_by_user_id(
    core: &LeonardoCore,
    user_id: impl Into<UserId>,
    request: GetGenerationsByUserIdRequest,
) -> Call<Vec<Generation>> {
    Call::new(core, &operations::IMAGE_GET_GENERATIONS_BY_USER_ID).id(user_id.into()).query_of(&request)
}
