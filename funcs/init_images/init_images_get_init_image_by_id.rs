use crate::models::{InitImage, InitImageId};
use crate::{Call, LeonardoCore, operations};

/// Reads an uploaded image: `GET /v1/init-image/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn init_images_get_init_image_by_id(core: &LeonardoCore, id: impl Into<InitImageId>) -> Call<InitImage> {
    Call::new(core, &operations::INIT_IMAGES_GET_INIT_IMAGE_BY_ID).id(id.into())
}
