//! All of a user's generations, as a stream over the pages.

use crate::LeonardoCore;
use crate::funcs::image_get_generations_by_user_id;
use crate::models::{Generation, GetGenerationsByUserIdRequest, UserId};
use crate::paging::List;

/// Lists all of a user's generations, newest first: `GET /v1/generations/user/{userId}`, page after page.
///
/// [`List`] tells what is handed out while the list changes, and how to go on after an error.
pub fn image_list_generations(core: &LeonardoCore, user_id: impl Into<UserId>) -> ListGenerations {
    List::new(core, "image_list_generations", user_id.into().into_string(), |core, user, offset, limit| {
        let request = GetGenerationsByUserIdRequest { offset: Some(offset), limit: Some(limit) };
        image_get_generations_by_user_id(core, user, request)
    })
}

/// A user's generations, one by one; made by [`image_list_generations`].
pub type ListGenerations = List<Generation>;
