//! One function for each operation, each behind a feature of its own name.
//!
//! A function takes the handle, then the ids of the path, then everything else as one request. It sends nothing: it
//! returns a [`Call`](crate::Call), which is awaited.

// begin of functions: written by `UPDATE=1 cargo test --features full --test consistency`
#[cfg(feature = "blueprints-execute-blueprint")]
#[path = "blueprints/blueprints_execute_blueprint.rs"]
mod blueprints_execute_blueprint;
#[cfg(feature = "blueprints-execute-blueprint")]
pub use blueprints_execute_blueprint::blueprints_execute_blueprint;
#[cfg(feature = "blueprints-get-blueprint-by-id")]
#[path = "blueprints/blueprints_get_blueprint_by_id.rs"]
mod blueprints_get_blueprint_by_id;
#[cfg(feature = "blueprints-get-blueprint-by-id")]
pub use blueprints_get_blueprint_by_id::blueprints_get_blueprint_by_id;
#[cfg(feature = "blueprints-get-blueprint-execution")]
#[path = "blueprints/blueprints_get_blueprint_execution.rs"]
mod blueprints_get_blueprint_execution;
#[cfg(feature = "blueprints-get-blueprint-execution")]
pub use blueprints_get_blueprint_execution::blueprints_get_blueprint_execution;
#[cfg(feature = "blueprints-get-blueprint-execution-generations")]
#[path = "blueprints/blueprints_get_blueprint_execution_generations.rs"]
mod blueprints_get_blueprint_execution_generations;
#[cfg(feature = "blueprints-get-blueprint-execution-generations")]
pub use blueprints_get_blueprint_execution_generations::blueprints_get_blueprint_execution_generations;
#[cfg(feature = "blueprints-get-blueprint-versions-by-blueprint-id")]
#[path = "blueprints/blueprints_get_blueprint_versions_by_blueprint_id.rs"]
mod blueprints_get_blueprint_versions_by_blueprint_id;
#[cfg(feature = "blueprints-get-blueprint-versions-by-blueprint-id")]
pub use blueprints_get_blueprint_versions_by_blueprint_id::blueprints_get_blueprint_versions_by_blueprint_id;
#[cfg(feature = "blueprints-list-blueprints")]
#[path = "blueprints/blueprints_list_blueprints.rs"]
mod blueprints_list_blueprints;
#[cfg(feature = "blueprints-list-blueprints")]
pub use blueprints_list_blueprints::blueprints_list_blueprints;
#[cfg(feature = "dataset-create-dataset")]
#[path = "dataset/dataset_create_dataset.rs"]
mod dataset_create_dataset;
#[cfg(feature = "dataset-create-dataset")]
pub use dataset_create_dataset::dataset_create_dataset;
#[cfg(feature = "dataset-delete-dataset-by-id")]
#[path = "dataset/dataset_delete_dataset_by_id.rs"]
mod dataset_delete_dataset_by_id;
#[cfg(feature = "dataset-delete-dataset-by-id")]
pub use dataset_delete_dataset_by_id::dataset_delete_dataset_by_id;
#[cfg(feature = "dataset-get-dataset-by-id")]
#[path = "dataset/dataset_get_dataset_by_id.rs"]
mod dataset_get_dataset_by_id;
#[cfg(feature = "dataset-get-dataset-by-id")]
pub use dataset_get_dataset_by_id::dataset_get_dataset_by_id;
#[cfg(feature = "dataset-upload-dataset-image")]
#[path = "dataset/dataset_upload_dataset_image.rs"]
mod dataset_upload_dataset_image;
#[cfg(feature = "dataset-upload-dataset-image")]
pub use dataset_upload_dataset_image::dataset_upload_dataset_image;
#[cfg(feature = "dataset-upload-dataset-image-from-gen")]
#[path = "dataset/dataset_upload_dataset_image_from_gen.rs"]
mod dataset_upload_dataset_image_from_gen;
#[cfg(feature = "dataset-upload-dataset-image-from-gen")]
pub use dataset_upload_dataset_image_from_gen::dataset_upload_dataset_image_from_gen;
#[cfg(feature = "elements-create-element")]
#[path = "elements/elements_create_element.rs"]
mod elements_create_element;
#[cfg(feature = "elements-create-element")]
pub use elements_create_element::elements_create_element;
#[cfg(feature = "elements-delete-element-by-id")]
#[path = "elements/elements_delete_element_by_id.rs"]
mod elements_delete_element_by_id;
#[cfg(feature = "elements-delete-element-by-id")]
pub use elements_delete_element_by_id::elements_delete_element_by_id;
#[cfg(feature = "elements-get-custom-elements-by-user-id")]
#[path = "elements/elements_get_custom_elements_by_user_id.rs"]
mod elements_get_custom_elements_by_user_id;
#[cfg(feature = "elements-get-custom-elements-by-user-id")]
pub use elements_get_custom_elements_by_user_id::elements_get_custom_elements_by_user_id;
#[cfg(feature = "elements-get-element-by-id")]
#[path = "elements/elements_get_element_by_id.rs"]
mod elements_get_element_by_id;
#[cfg(feature = "elements-get-element-by-id")]
pub use elements_get_element_by_id::elements_get_element_by_id;
#[cfg(feature = "elements-list-elements")]
#[path = "elements/elements_list_elements.rs"]
mod elements_list_elements;
#[cfg(feature = "elements-list-elements")]
pub use elements_list_elements::elements_list_elements;
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
#[cfg(feature = "media-delete-uploaded-media-by-id")]
#[path = "media/media_delete_uploaded_media_by_id.rs"]
mod media_delete_uploaded_media_by_id;
#[cfg(feature = "media-delete-uploaded-media-by-id")]
pub use media_delete_uploaded_media_by_id::media_delete_uploaded_media_by_id;
#[cfg(feature = "media-get-uploaded-media-by-id")]
#[path = "media/media_get_uploaded_media_by_id.rs"]
mod media_get_uploaded_media_by_id;
#[cfg(feature = "media-get-uploaded-media-by-id")]
pub use media_get_uploaded_media_by_id::media_get_uploaded_media_by_id;
#[cfg(feature = "media-upload-media")]
#[path = "media/media_upload_media.rs"]
mod media_upload_media;
#[cfg(feature = "media-upload-media")]
pub use media_upload_media::media_upload_media;
#[cfg(feature = "models-create-model")]
#[path = "models/models_create_model.rs"]
mod models_create_model;
#[cfg(feature = "models-create-model")]
pub use models_create_model::models_create_model;
#[cfg(feature = "models-delete-model-by-id")]
#[path = "models/models_delete_model_by_id.rs"]
mod models_delete_model_by_id;
#[cfg(feature = "models-delete-model-by-id")]
pub use models_delete_model_by_id::models_delete_model_by_id;
#[cfg(feature = "models-get-custom-models-by-user-id")]
#[path = "models/models_get_custom_models_by_user_id.rs"]
mod models_get_custom_models_by_user_id;
#[cfg(feature = "models-get-custom-models-by-user-id")]
pub use models_get_custom_models_by_user_id::models_get_custom_models_by_user_id;
#[cfg(feature = "models-get-model-by-id")]
#[path = "models/models_get_model_by_id.rs"]
mod models_get_model_by_id;
#[cfg(feature = "models-get-model-by-id")]
pub use models_get_model_by_id::models_get_model_by_id;
#[cfg(feature = "models-list-platform-models")]
#[path = "models/models_list_platform_models.rs"]
mod models_list_platform_models;
#[cfg(feature = "models-list-platform-models")]
pub use models_list_platform_models::models_list_platform_models;
#[cfg(feature = "motion-create-image-to-video-generation")]
#[path = "motion/motion_create_image_to_video_generation.rs"]
mod motion_create_image_to_video_generation;
#[cfg(feature = "motion-create-image-to-video-generation")]
pub use motion_create_image_to_video_generation::motion_create_image_to_video_generation;
#[cfg(feature = "motion-create-svd-motion-generation")]
#[path = "motion/motion_create_svd_motion_generation.rs"]
mod motion_create_svd_motion_generation;
#[cfg(feature = "motion-create-svd-motion-generation")]
pub use motion_create_svd_motion_generation::motion_create_svd_motion_generation;
#[cfg(feature = "motion-create-text-to-video-generation")]
#[path = "motion/motion_create_text_to_video_generation.rs"]
mod motion_create_text_to_video_generation;
#[cfg(feature = "motion-create-text-to-video-generation")]
pub use motion_create_text_to_video_generation::motion_create_text_to_video_generation;
#[cfg(feature = "motion-create-video-upscale")]
#[path = "motion/motion_create_video_upscale.rs"]
mod motion_create_video_upscale;
#[cfg(feature = "motion-create-video-upscale")]
pub use motion_create_video_upscale::motion_create_video_upscale;
#[cfg(feature = "pricing-calculator-pricing-calculator")]
#[path = "pricing_calculator/pricing_calculator_pricing_calculator.rs"]
mod pricing_calculator_pricing_calculator;
#[cfg(feature = "pricing-calculator-pricing-calculator")]
pub use pricing_calculator_pricing_calculator::pricing_calculator_pricing_calculator;
#[cfg(feature = "prompt-prompt-improve")]
#[path = "prompt/prompt_prompt_improve.rs"]
mod prompt_prompt_improve;
#[cfg(feature = "prompt-prompt-improve")]
pub use prompt_prompt_improve::prompt_prompt_improve;
#[cfg(feature = "prompt-prompt-random")]
#[path = "prompt/prompt_prompt_random.rs"]
mod prompt_prompt_random;
#[cfg(feature = "prompt-prompt-random")]
pub use prompt_prompt_random::prompt_prompt_random;
#[cfg(feature = "realtime-canvas-create-lcm-generation")]
#[path = "realtime_canvas/realtime_canvas_create_lcm_generation.rs"]
mod realtime_canvas_create_lcm_generation;
#[cfg(feature = "realtime-canvas-create-lcm-generation")]
pub use realtime_canvas_create_lcm_generation::realtime_canvas_create_lcm_generation;
#[cfg(feature = "realtime-canvas-perform-alchemy-upscale-lcm")]
#[path = "realtime_canvas/realtime_canvas_perform_alchemy_upscale_lcm.rs"]
mod realtime_canvas_perform_alchemy_upscale_lcm;
#[cfg(feature = "realtime-canvas-perform-alchemy-upscale-lcm")]
pub use realtime_canvas_perform_alchemy_upscale_lcm::realtime_canvas_perform_alchemy_upscale_lcm;
#[cfg(feature = "realtime-canvas-perform-inpainting-lcm")]
#[path = "realtime_canvas/realtime_canvas_perform_inpainting_lcm.rs"]
mod realtime_canvas_perform_inpainting_lcm;
#[cfg(feature = "realtime-canvas-perform-inpainting-lcm")]
pub use realtime_canvas_perform_inpainting_lcm::realtime_canvas_perform_inpainting_lcm;
#[cfg(feature = "realtime-canvas-perform-instant-refine")]
#[path = "realtime_canvas/realtime_canvas_perform_instant_refine.rs"]
mod realtime_canvas_perform_instant_refine;
#[cfg(feature = "realtime-canvas-perform-instant-refine")]
pub use realtime_canvas_perform_instant_refine::realtime_canvas_perform_instant_refine;
#[cfg(feature = "texture-create-texture-generation")]
#[path = "texture/texture_create_texture_generation.rs"]
mod texture_create_texture_generation;
#[cfg(feature = "texture-create-texture-generation")]
pub use texture_create_texture_generation::texture_create_texture_generation;
#[cfg(feature = "texture-delete-texture-generation-by-id")]
#[path = "texture/texture_delete_texture_generation_by_id.rs"]
mod texture_delete_texture_generation_by_id;
#[cfg(feature = "texture-delete-texture-generation-by-id")]
pub use texture_delete_texture_generation_by_id::texture_delete_texture_generation_by_id;
#[cfg(feature = "texture-get-texture-generation-by-id")]
#[path = "texture/texture_get_texture_generation_by_id.rs"]
mod texture_get_texture_generation_by_id;
#[cfg(feature = "texture-get-texture-generation-by-id")]
pub use texture_get_texture_generation_by_id::texture_get_texture_generation_by_id;
#[cfg(feature = "texture-get-texture-generations-by-model-id")]
#[path = "texture/texture_get_texture_generations_by_model_id.rs"]
mod texture_get_texture_generations_by_model_id;
#[cfg(feature = "texture-get-texture-generations-by-model-id")]
pub use texture_get_texture_generations_by_model_id::texture_get_texture_generations_by_model_id;
#[cfg(feature = "three-d-model-assets-delete-3d-model-by-id")]
#[path = "three_d_model_assets/three_d_model_assets_delete_3d_model_by_id.rs"]
mod three_d_model_assets_delete_3d_model_by_id;
#[cfg(feature = "three-d-model-assets-delete-3d-model-by-id")]
pub use three_d_model_assets_delete_3d_model_by_id::three_d_model_assets_delete_3d_model_by_id;
#[cfg(feature = "three-d-model-assets-get-3d-model-by-id")]
#[path = "three_d_model_assets/three_d_model_assets_get_3d_model_by_id.rs"]
mod three_d_model_assets_get_3d_model_by_id;
#[cfg(feature = "three-d-model-assets-get-3d-model-by-id")]
pub use three_d_model_assets_get_3d_model_by_id::three_d_model_assets_get_3d_model_by_id;
#[cfg(feature = "three-d-model-assets-get-3d-models-by-user-id")]
#[path = "three_d_model_assets/three_d_model_assets_get_3d_models_by_user_id.rs"]
mod three_d_model_assets_get_3d_models_by_user_id;
#[cfg(feature = "three-d-model-assets-get-3d-models-by-user-id")]
pub use three_d_model_assets_get_3d_models_by_user_id::three_d_model_assets_get_3d_models_by_user_id;
#[cfg(feature = "three-d-model-assets-upload-model-asset")]
#[path = "three_d_model_assets/three_d_model_assets_upload_model_asset.rs"]
mod three_d_model_assets_upload_model_asset;
#[cfg(feature = "three-d-model-assets-upload-model-asset")]
pub use three_d_model_assets_upload_model_asset::three_d_model_assets_upload_model_asset;
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
#[cfg(feature = "variation-create-universal-upscaler-job")]
#[path = "variation/variation_create_universal_upscaler_job.rs"]
mod variation_create_universal_upscaler_job;
#[cfg(feature = "variation-create-universal-upscaler-job")]
pub use variation_create_universal_upscaler_job::variation_create_universal_upscaler_job;
#[cfg(feature = "variation-create-variation-no-bg")]
#[path = "variation/variation_create_variation_no_bg.rs"]
mod variation_create_variation_no_bg;
#[cfg(feature = "variation-create-variation-no-bg")]
pub use variation_create_variation_no_bg::variation_create_variation_no_bg;
#[cfg(feature = "variation-create-variation-unzoom")]
#[path = "variation/variation_create_variation_unzoom.rs"]
mod variation_create_variation_unzoom;
#[cfg(feature = "variation-create-variation-unzoom")]
pub use variation_create_variation_unzoom::variation_create_variation_unzoom;
#[cfg(feature = "variation-create-variation-upscale")]
#[path = "variation/variation_create_variation_upscale.rs"]
mod variation_create_variation_upscale;
#[cfg(feature = "variation-create-variation-upscale")]
pub use variation_create_variation_upscale::variation_create_variation_upscale;
#[cfg(feature = "variation-get-motion-variation-by-id")]
#[path = "variation/variation_get_motion_variation_by_id.rs"]
mod variation_get_motion_variation_by_id;
#[cfg(feature = "variation-get-motion-variation-by-id")]
pub use variation_get_motion_variation_by_id::variation_get_motion_variation_by_id;
#[cfg(feature = "variation-get-variation-by-id")]
#[path = "variation/variation_get_variation_by_id.rs"]
mod variation_get_variation_by_id;
#[cfg(feature = "variation-get-variation-by-id")]
pub use variation_get_variation_by_id::variation_get_variation_by_id;
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
#[cfg(feature = "blueprints-list-all")]
#[path = "workflows/blueprints_list_all.rs"]
mod blueprints_list_all;
#[cfg(feature = "blueprints-list-all")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use blueprints_list_all::*;
#[cfg(feature = "blueprints-list-outputs")]
#[path = "workflows/blueprints_list_outputs.rs"]
mod blueprints_list_outputs;
#[cfg(feature = "blueprints-list-outputs")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use blueprints_list_outputs::*;
#[cfg(feature = "texture-list-texture-generations")]
#[path = "workflows/texture_list_texture_generations.rs"]
mod texture_list_texture_generations;
#[cfg(feature = "texture-list-texture-generations")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use texture_list_texture_generations::*;
#[cfg(feature = "three-d-model-assets-list-3d-models")]
#[path = "workflows/three_d_model_assets_list_3d_models.rs"]
mod three_d_model_assets_list_3d_models;
#[cfg(feature = "three-d-model-assets-list-3d-models")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use three_d_model_assets_list_3d_models::*;
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
#[cfg(feature = "variation-wait-for-variation")]
#[path = "workflows/variation_wait_for_variation.rs"]
mod variation_wait_for_variation;
#[cfg(feature = "variation-wait-for-variation")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use variation_wait_for_variation::*;
#[cfg(feature = "variation-wait-for-motion-variation")]
#[path = "workflows/variation_wait_for_motion_variation.rs"]
mod variation_wait_for_motion_variation;
#[cfg(feature = "variation-wait-for-motion-variation")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use variation_wait_for_motion_variation::*;
#[cfg(feature = "elements-wait-for-element")]
#[path = "workflows/elements_wait_for_element.rs"]
mod elements_wait_for_element;
#[cfg(feature = "elements-wait-for-element")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use elements_wait_for_element::*;
#[cfg(feature = "models-wait-for-model")]
#[path = "workflows/models_wait_for_model.rs"]
mod models_wait_for_model;
#[cfg(feature = "models-wait-for-model")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use models_wait_for_model::*;
#[cfg(feature = "texture-wait-for-texture-generation")]
#[path = "workflows/texture_wait_for_texture_generation.rs"]
mod texture_wait_for_texture_generation;
#[cfg(feature = "texture-wait-for-texture-generation")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use texture_wait_for_texture_generation::*;
#[cfg(feature = "blueprints-wait-for-execution")]
#[path = "workflows/blueprints_wait_for_execution.rs"]
mod blueprints_wait_for_execution;
#[cfg(feature = "blueprints-wait-for-execution")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use blueprints_wait_for_execution::*;
#[cfg(feature = "media-wait-for-media")]
#[path = "workflows/media_wait_for_media.rs"]
mod media_wait_for_media;
#[cfg(feature = "media-wait-for-media")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use media_wait_for_media::*;
#[cfg(feature = "variation-upscale-and-wait")]
#[path = "workflows/variation_upscale_and_wait.rs"]
mod variation_upscale_and_wait;
#[cfg(feature = "variation-upscale-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use variation_upscale_and_wait::*;
#[cfg(feature = "variation-unzoom-and-wait")]
#[path = "workflows/variation_unzoom_and_wait.rs"]
mod variation_unzoom_and_wait;
#[cfg(feature = "variation-unzoom-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use variation_unzoom_and_wait::*;
#[cfg(feature = "variation-no-bg-and-wait")]
#[path = "workflows/variation_no_bg_and_wait.rs"]
mod variation_no_bg_and_wait;
#[cfg(feature = "variation-no-bg-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use variation_no_bg_and_wait::*;
#[cfg(feature = "variation-universal-upscale-and-wait")]
#[path = "workflows/variation_universal_upscale_and_wait.rs"]
mod variation_universal_upscale_and_wait;
#[cfg(feature = "variation-universal-upscale-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use variation_universal_upscale_and_wait::*;
#[cfg(feature = "motion-create-image-to-video-generation-once")]
#[path = "workflows/motion_create_image_to_video_generation_once.rs"]
mod motion_create_image_to_video_generation_once;
#[cfg(feature = "motion-create-image-to-video-generation-once")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_create_image_to_video_generation_once::*;
#[cfg(feature = "motion-image-to-video-and-wait")]
#[path = "workflows/motion_image_to_video_and_wait.rs"]
mod motion_image_to_video_and_wait;
#[cfg(feature = "motion-image-to-video-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_image_to_video_and_wait::*;
#[cfg(feature = "motion-create-text-to-video-generation-once")]
#[path = "workflows/motion_create_text_to_video_generation_once.rs"]
mod motion_create_text_to_video_generation_once;
#[cfg(feature = "motion-create-text-to-video-generation-once")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_create_text_to_video_generation_once::*;
#[cfg(feature = "motion-text-to-video-and-wait")]
#[path = "workflows/motion_text_to_video_and_wait.rs"]
mod motion_text_to_video_and_wait;
#[cfg(feature = "motion-text-to-video-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_text_to_video_and_wait::*;
#[cfg(feature = "motion-svd-and-wait")]
#[path = "workflows/motion_svd_and_wait.rs"]
mod motion_svd_and_wait;
#[cfg(feature = "motion-svd-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_svd_and_wait::*;
#[cfg(feature = "motion-upscale-and-wait")]
#[path = "workflows/motion_upscale_and_wait.rs"]
mod motion_upscale_and_wait;
#[cfg(feature = "motion-upscale-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_upscale_and_wait::*;
#[cfg(feature = "elements-create-and-wait")]
#[path = "workflows/elements_create_and_wait.rs"]
mod elements_create_and_wait;
#[cfg(feature = "elements-create-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use elements_create_and_wait::*;
#[cfg(feature = "models-create-and-wait")]
#[path = "workflows/models_create_and_wait.rs"]
mod models_create_and_wait;
#[cfg(feature = "models-create-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use models_create_and_wait::*;
#[cfg(feature = "texture-create-and-wait")]
#[path = "workflows/texture_create_and_wait.rs"]
mod texture_create_and_wait;
#[cfg(feature = "texture-create-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use texture_create_and_wait::*;
#[cfg(feature = "blueprints-execute-and-wait")]
#[path = "workflows/blueprints_execute_and_wait.rs"]
mod blueprints_execute_and_wait;
#[cfg(feature = "blueprints-execute-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use blueprints_execute_and_wait::*;
#[cfg(feature = "realtime-canvas-image-from-file")]
#[path = "workflows/realtime_canvas_image_from_file.rs"]
mod realtime_canvas_image_from_file;
#[cfg(feature = "realtime-canvas-image-from-file")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use realtime_canvas_image_from_file::*;
#[cfg(feature = "realtime-canvas-image-to-file")]
#[path = "workflows/realtime_canvas_image_to_file.rs"]
mod realtime_canvas_image_to_file;
#[cfg(feature = "realtime-canvas-image-to-file")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use realtime_canvas_image_to_file::*;
#[cfg(feature = "remove-background")]
#[path = "workflows/remove_background.rs"]
mod remove_background;
#[cfg(feature = "remove-background")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use remove_background::*;
#[cfg(feature = "v2-create-generation-once")]
#[path = "workflows/v2_create_generation_once.rs"]
mod v2_create_generation_once;
#[cfg(feature = "v2-create-generation-once")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use v2_create_generation_once::*;
#[cfg(feature = "v2-generate-and-wait")]
#[path = "workflows/v2_generate_and_wait.rs"]
mod v2_generate_and_wait;
#[cfg(feature = "v2-generate-and-wait")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use v2_generate_and_wait::*;
#[cfg(feature = "image-estimate-cost")]
#[path = "workflows/image_estimate_cost.rs"]
mod image_estimate_cost;
#[cfg(feature = "image-estimate-cost")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use image_estimate_cost::*;
#[cfg(feature = "motion-estimate-image-to-video-cost")]
#[path = "workflows/motion_estimate_image_to_video_cost.rs"]
mod motion_estimate_image_to_video_cost;
#[cfg(feature = "motion-estimate-image-to-video-cost")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_estimate_image_to_video_cost::*;
#[cfg(feature = "motion-estimate-text-to-video-cost")]
#[path = "workflows/motion_estimate_text_to_video_cost.rs"]
mod motion_estimate_text_to_video_cost;
#[cfg(feature = "motion-estimate-text-to-video-cost")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use motion_estimate_text_to_video_cost::*;
#[cfg(feature = "realtime-canvas-estimate-cost")]
#[path = "workflows/realtime_canvas_estimate_cost.rs"]
mod realtime_canvas_estimate_cost;
#[cfg(feature = "realtime-canvas-estimate-cost")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use realtime_canvas_estimate_cost::*;
#[cfg(feature = "texture-estimate-cost")]
#[path = "workflows/texture_estimate_cost.rs"]
mod texture_estimate_cost;
#[cfg(feature = "texture-estimate-cost")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use texture_estimate_cost::*;
#[cfg(feature = "init-images-upload-canvas-files")]
#[path = "workflows/init_images_upload_canvas_files.rs"]
mod init_images_upload_canvas_files;
#[cfg(feature = "init-images-upload-canvas-files")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use init_images_upload_canvas_files::*;
#[cfg(feature = "dataset-upload-file")]
#[path = "workflows/dataset_upload_file.rs"]
mod dataset_upload_file;
#[cfg(feature = "dataset-upload-file")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use dataset_upload_file::*;
#[cfg(feature = "media-upload-file")]
#[path = "workflows/media_upload_file.rs"]
mod media_upload_file;
#[cfg(feature = "media-upload-file")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use media_upload_file::*;
#[cfg(feature = "three-d-model-assets-upload-file")]
#[path = "workflows/three_d_model_assets_upload_file.rs"]
mod three_d_model_assets_upload_file;
#[cfg(feature = "three-d-model-assets-upload-file")]
#[cfg_attr(target_arch = "wasm32", allow(unused_imports))]
pub use three_d_model_assets_upload_file::*;
// end of functions

#[cfg(feature = "test-util")]
mod test_util;

#[cfg(any(feature = "searching", feature = "image-list-generations"))]
#[cfg_attr(not(feature = "full"), allow(unused, reason = "internal features alone need none of it"))]
mod account;
#[cfg(feature = "remove-background")]
mod image_source;
#[cfg(feature = "limits")]
mod limits;
#[cfg(feature = "limits")]
mod prices;
#[cfg(feature = "remove-background")]
mod remove_background_error;
#[cfg(feature = "v2-check")]
mod v2_check;
#[cfg(feature = "v2-check")]
pub use v2_check::{V2Check, V2NotChecked, V2Warning, v2_check};
