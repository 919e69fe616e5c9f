//! What stands on several operations, each function behind a feature of its own name. Its public path is that of an operation.

// begin of functions: written by `UPDATE=1 cargo test --features full --test consistency`
#[cfg(feature = "image-create-generation-once")]
mod image_create_generation_once;
#[cfg(feature = "image-create-generation-once")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_create_generation_once::*;
#[cfg(feature = "image-find-generation")]
mod image_find_generation;
#[cfg(feature = "image-find-generation")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_find_generation::*;
#[cfg(feature = "image-generate")]
mod image_generate;
#[cfg(feature = "image-generate")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_generate::*;
#[cfg(feature = "image-list-generations")]
mod image_list_generations;
#[cfg(feature = "image-list-generations")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_list_generations::*;
#[cfg(feature = "blueprints-list-all")]
mod blueprints_list_all;
#[cfg(feature = "blueprints-list-all")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use blueprints_list_all::*;
#[cfg(feature = "blueprints-list-outputs")]
mod blueprints_list_outputs;
#[cfg(feature = "blueprints-list-outputs")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use blueprints_list_outputs::*;
#[cfg(feature = "texture-list-texture-generations")]
mod texture_list_texture_generations;
#[cfg(feature = "texture-list-texture-generations")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use texture_list_texture_generations::*;
#[cfg(feature = "three-d-model-assets-list-3d-models")]
mod three_d_model_assets_list_3d_models;
#[cfg(feature = "three-d-model-assets-list-3d-models")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use three_d_model_assets_list_3d_models::*;
#[cfg(feature = "image-wait-for-generation")]
mod image_wait_for_generation;
#[cfg(feature = "image-wait-for-generation")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_wait_for_generation::*;
#[cfg(feature = "image-download")]
mod image_download;
#[cfg(feature = "image-download")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_download::*;
#[cfg(feature = "image-download-all")]
mod image_download_all;
#[cfg(feature = "image-download-all")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_download_all::*;
#[cfg(feature = "init-images-upload-file")]
mod init_images_upload_file;
#[cfg(feature = "init-images-upload-file")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use init_images_upload_file::*;
#[cfg(feature = "variation-wait-for-variation")]
mod variation_wait_for_variation;
#[cfg(feature = "variation-wait-for-variation")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use variation_wait_for_variation::*;
#[cfg(feature = "variation-wait-for-motion-variation")]
mod variation_wait_for_motion_variation;
#[cfg(feature = "variation-wait-for-motion-variation")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use variation_wait_for_motion_variation::*;
#[cfg(feature = "elements-wait-for-element")]
mod elements_wait_for_element;
#[cfg(feature = "elements-wait-for-element")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use elements_wait_for_element::*;
#[cfg(feature = "models-wait-for-model")]
mod models_wait_for_model;
#[cfg(feature = "models-wait-for-model")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use models_wait_for_model::*;
#[cfg(feature = "texture-wait-for-texture-generation")]
mod texture_wait_for_texture_generation;
#[cfg(feature = "texture-wait-for-texture-generation")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use texture_wait_for_texture_generation::*;
#[cfg(feature = "blueprints-wait-for-execution")]
mod blueprints_wait_for_execution;
#[cfg(feature = "blueprints-wait-for-execution")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use blueprints_wait_for_execution::*;
#[cfg(feature = "media-wait-for-media")]
mod media_wait_for_media;
#[cfg(feature = "media-wait-for-media")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use media_wait_for_media::*;
#[cfg(feature = "variation-upscale-and-wait")]
mod variation_upscale_and_wait;
#[cfg(feature = "variation-upscale-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use variation_upscale_and_wait::*;
#[cfg(feature = "variation-unzoom-and-wait")]
mod variation_unzoom_and_wait;
#[cfg(feature = "variation-unzoom-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use variation_unzoom_and_wait::*;
#[cfg(feature = "variation-no-bg-and-wait")]
mod variation_no_bg_and_wait;
#[cfg(feature = "variation-no-bg-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use variation_no_bg_and_wait::*;
#[cfg(feature = "variation-universal-upscale-and-wait")]
mod variation_universal_upscale_and_wait;
#[cfg(feature = "variation-universal-upscale-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use variation_universal_upscale_and_wait::*;
#[cfg(feature = "motion-create-image-to-video-generation-once")]
mod motion_create_image_to_video_generation_once;
#[cfg(feature = "motion-create-image-to-video-generation-once")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_create_image_to_video_generation_once::*;
#[cfg(feature = "motion-image-to-video-and-wait")]
mod motion_image_to_video_and_wait;
#[cfg(feature = "motion-image-to-video-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_image_to_video_and_wait::*;
#[cfg(feature = "motion-create-text-to-video-generation-once")]
mod motion_create_text_to_video_generation_once;
#[cfg(feature = "motion-create-text-to-video-generation-once")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_create_text_to_video_generation_once::*;
#[cfg(feature = "motion-text-to-video-and-wait")]
mod motion_text_to_video_and_wait;
#[cfg(feature = "motion-text-to-video-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_text_to_video_and_wait::*;
#[cfg(feature = "motion-svd-and-wait")]
mod motion_svd_and_wait;
#[cfg(feature = "motion-svd-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_svd_and_wait::*;
#[cfg(feature = "motion-upscale-and-wait")]
mod motion_upscale_and_wait;
#[cfg(feature = "motion-upscale-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_upscale_and_wait::*;
#[cfg(feature = "elements-create-and-wait")]
mod elements_create_and_wait;
#[cfg(feature = "elements-create-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use elements_create_and_wait::*;
#[cfg(feature = "models-create-and-wait")]
mod models_create_and_wait;
#[cfg(feature = "models-create-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use models_create_and_wait::*;
#[cfg(feature = "texture-create-and-wait")]
mod texture_create_and_wait;
#[cfg(feature = "texture-create-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use texture_create_and_wait::*;
#[cfg(feature = "blueprints-execute-and-wait")]
mod blueprints_execute_and_wait;
#[cfg(feature = "blueprints-execute-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use blueprints_execute_and_wait::*;
#[cfg(feature = "realtime-canvas-image-from-file")]
mod realtime_canvas_image_from_file;
#[cfg(feature = "realtime-canvas-image-from-file")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use realtime_canvas_image_from_file::*;
#[cfg(feature = "realtime-canvas-image-to-file")]
mod realtime_canvas_image_to_file;
#[cfg(feature = "realtime-canvas-image-to-file")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use realtime_canvas_image_to_file::*;
#[cfg(feature = "remove-background")]
mod remove_background;
#[cfg(feature = "remove-background")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use remove_background::*;
#[cfg(feature = "v2-create-generation-once")]
mod v2_create_generation_once;
#[cfg(feature = "v2-create-generation-once")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use v2_create_generation_once::*;
#[cfg(feature = "v2-generate-and-wait")]
mod v2_generate_and_wait;
#[cfg(feature = "v2-generate-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use v2_generate_and_wait::*;
#[cfg(feature = "image-estimate-cost")]
mod image_estimate_cost;
#[cfg(feature = "image-estimate-cost")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_estimate_cost::*;
#[cfg(feature = "motion-estimate-image-to-video-cost")]
mod motion_estimate_image_to_video_cost;
#[cfg(feature = "motion-estimate-image-to-video-cost")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_estimate_image_to_video_cost::*;
#[cfg(feature = "motion-estimate-text-to-video-cost")]
mod motion_estimate_text_to_video_cost;
#[cfg(feature = "motion-estimate-text-to-video-cost")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_estimate_text_to_video_cost::*;
#[cfg(feature = "realtime-canvas-estimate-cost")]
mod realtime_canvas_estimate_cost;
#[cfg(feature = "realtime-canvas-estimate-cost")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use realtime_canvas_estimate_cost::*;
#[cfg(feature = "texture-estimate-cost")]
mod texture_estimate_cost;
#[cfg(feature = "texture-estimate-cost")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use texture_estimate_cost::*;
#[cfg(feature = "init-images-upload-canvas-files")]
mod init_images_upload_canvas_files;
#[cfg(feature = "init-images-upload-canvas-files")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use init_images_upload_canvas_files::*;
#[cfg(feature = "dataset-upload-file")]
mod dataset_upload_file;
#[cfg(feature = "dataset-upload-file")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use dataset_upload_file::*;
#[cfg(feature = "media-upload-file")]
mod media_upload_file;
#[cfg(feature = "media-upload-file")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use media_upload_file::*;
#[cfg(feature = "three-d-model-assets-upload-file")]
mod three_d_model_assets_upload_file;
#[cfg(feature = "three-d-model-assets-upload-file")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use three_d_model_assets_upload_file::*;
// end of functions

#[cfg(feature = "remove-background")]
mod image_source;
#[cfg(feature = "remove-background")]
mod remove_background_error;
