use crate::models::{InitImageUpload, UploadInitImageRequest};
use crate::{Call, LeonardoCore, operations};

/// Asks for a place to upload an image to: `POST /v1/init-image`.
///
/// The response has the image's id and a presigned form; nothing is uploaded yet. `init_images_upload_file` does both
/// steps.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn init_images_upload_init_image(core: &LeonardoCore, request: UploadInitImageRequest) -> Call<InitImageUpload> {
    Call::new(core, &operations::INIT_IMAGES_UPLOAD_INIT_IMAGE).body(&request)
}
