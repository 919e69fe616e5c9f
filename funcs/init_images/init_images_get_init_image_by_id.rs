use crate::models::{InitImage, InitImageId};
use crate::{Call, LeonardoCore, operations};

/// Reads an uploaded image: `GET /v1/init-image/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn init_images_get_init_image_by_id(core: &LeonardoCore, id: impl Into<InitImageId>) -> Call<'_, InitImage> {
    fn call(core: &LeonardoCore, id: InitImageId) -> Call<'_, InitImage> {
        Call::new(core, &operations::init_images_get_init_image_by_id).id(id).own::<InitImage>("init_images_by_pk")
    }
    call(core, id.into())
}
