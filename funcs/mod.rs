//! One function for each operation, each behind a feature of its own name.
//!
//! A function takes the handle, then the ids of the path, then everything else as one request. It sends nothing: it
//! returns a [`Call`](crate::Call), which is awaited.

// begin of functions: written by `UPDATE=1 cargo test --features full --test consistency`
#[cfg(feature = "image-create-generation")]
#[path = "image/image_create_generation.rs"]
mod image_create_generation;
#[cfg(feature = "image-create-generation")]
pub use image_create_generation::image_create_generation;
#[cfg(feature = "image-delete-generation-by-id")]
#[path = "image/image_delete_generation_by_id.rs"]
mod image_delete_generation_by_id;
#[cfg(feature = "image-delete-generation-by-id")]
pub use image_delete_generation_by_id::image_delete_generation_by_id;
#[cfg(feature = "image-get-generation-by-id")]
#[path = "image/image_get_generation_by_id.rs"]
mod image_get_generation_by_id;
#[cfg(feature = "image-get-generation-by-id")]
pub use image_get_generation_by_id::image_get_generation_by_id;
#[cfg(feature = "image-get-generations-by-user-id")]
#[path = "image/image_get_generations_by_user_id.rs"]
mod image_get_generations_by_user_id;
#[cfg(feature = "image-get-generations-by-user-id")]
pub use image_get_generations_by_user_id::image_get_generations_by_user_id;
#[cfg(feature = "init-images-delete-init-image-by-id")]
#[path = "init_images/init_images_delete_init_image_by_id.rs"]
mod init_images_delete_init_image_by_id;
#[cfg(feature = "init-images-delete-init-image-by-id")]
pub use init_images_delete_init_image_by_id::init_images_delete_init_image_by_id;
#[cfg(feature = "init-images-get-init-image-by-id")]
#[path = "init_images/init_images_get_init_image_by_id.rs"]
mod init_images_get_init_image_by_id;
#[cfg(feature = "init-images-get-init-image-by-id")]
pub use init_images_get_init_image_by_id::init_images_get_init_image_by_id;
#[cfg(feature = "init-images-upload-canvas-init-image")]
#[path = "init_images/init_images_upload_canvas_init_image.rs"]
mod init_images_upload_canvas_init_image;
#[cfg(feature = "init-images-upload-canvas-init-image")]
pub use init_images_upload_canvas_init_image::init_images_upload_canvas_init_image;
#[cfg(feature = "init-images-upload-init-image")]
#[path = "init_images/init_images_upload_init_image.rs"]
mod init_images_upload_init_image;
#[cfg(feature = "init-images-upload-init-image")]
pub use init_images_upload_init_image::init_images_upload_init_image;
#[cfg(feature = "user-get-user-self")]
#[path = "user/user_get_user_self.rs"]
mod user_get_user_self;
#[cfg(feature = "user-get-user-self")]
pub use user_get_user_self::user_get_user_self;
#[cfg(feature = "v2-create-generation")]
#[path = "v2/v2_create_generation.rs"]
mod v2_create_generation;
#[cfg(feature = "v2-create-generation")]
pub use v2_create_generation::v2_create_generation;
#[cfg(feature = "v2-create-sync-generation")]
#[path = "v2/v2_create_sync_generation.rs"]
mod v2_create_sync_generation;
#[cfg(feature = "v2-create-sync-generation")]
pub use v2_create_sync_generation::v2_create_sync_generation;
#[cfg(feature = "v2-get-models")]
#[path = "v2/v2_get_models.rs"]
mod v2_get_models;
#[cfg(feature = "v2-get-models")]
pub use v2_get_models::v2_get_models;
#[cfg(feature = "image-create-generation-once")]
#[path = "workflows/image_create_generation_once.rs"]
mod image_create_generation_once;
#[cfg(feature = "image-create-generation-once")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_create_generation_once::*;
#[cfg(feature = "image-find-generation")]
#[path = "workflows/image_find_generation.rs"]
mod image_find_generation;
#[cfg(feature = "image-find-generation")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_find_generation::*;
#[cfg(feature = "image-generate")]
#[path = "workflows/image_generate.rs"]
mod image_generate;
#[cfg(feature = "image-generate")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_generate::*;
#[cfg(feature = "image-list-generations")]
#[path = "workflows/image_list_generations.rs"]
mod image_list_generations;
#[cfg(feature = "image-list-generations")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_list_generations::*;
#[cfg(feature = "image-wait-for-generation")]
#[path = "workflows/image_wait_for_generation.rs"]
mod image_wait_for_generation;
#[cfg(feature = "image-wait-for-generation")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_wait_for_generation::*;
#[cfg(feature = "image-download")]
#[path = "workflows/image_download.rs"]
mod image_download;
#[cfg(feature = "image-download")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_download::*;
#[cfg(feature = "image-download-all")]
#[path = "workflows/image_download_all.rs"]
mod image_download_all;
#[cfg(feature = "image-download-all")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_download_all::*;
#[cfg(feature = "init-images-upload-file")]
#[path = "workflows/init_images_upload_file.rs"]
mod init_images_upload_file;
#[cfg(feature = "init-images-upload-file")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use init_images_upload_file::*;
// end of functions
