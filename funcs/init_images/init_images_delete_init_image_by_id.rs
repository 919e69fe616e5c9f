use crate::models::{DeletedInitImage, InitImageId};
use crate::{Call, LeonardoCore, operations};

/// Deletes an uploaded image: `DELETE /v1/init-image/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist, or no longer, is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`; so is one that an attempt before, whose response was lost, has
/// deleted.
pub fn init_images_delete_init_image_by_id(core: &LeonardoCore, id: impl Into<InitImageId>) -> Call<DeletedInitImage> {
    Call::new(core, &operations::INIT_IMAGES_DELETE_INIT_IMAGE_BY_ID).id(id.into())
}
