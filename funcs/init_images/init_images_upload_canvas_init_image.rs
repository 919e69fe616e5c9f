use crate::models::{CanvasInitImageUpload, UploadCanvasInitImageRequest};
use crate::{Call, LeonardoCore, operations};

/// Asks for two places to upload to, for an image of the Canvas Editor and for its mask: `POST /v1/canvas-init-image`.
///
/// The response has two ids and two presigned forms; nothing is uploaded yet.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn init_images_upload_canvas_init_image(
    core: &LeonardoCore,
    request: UploadCanvasInitImageRequest,
) -> Call<CanvasInitImageUpload> {
    Call::new(core, &operations::INIT_IMAGES_UPLOAD_CANVAS_INIT_IMAGE).body(&request)
}
