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
// end of functions

mod workflows;
#[cfg_attr(not(feature = "full"), allow(unused_imports, reason = "there may be none"))]
pub use workflows::*;

#[cfg(feature = "test-util")]
mod test_util;

#[cfg(any(feature = "searching", feature = "image-list-generations"))]
#[cfg_attr(not(feature = "full"), allow(unused, reason = "internal features alone need none of it"))]
mod account;
#[cfg(feature = "limits")]
mod account_limits;
#[cfg(feature = "limits")]
mod job_state;
#[cfg(feature = "limits")]
mod prices;
#[cfg(feature = "v2-check")]
mod v2_check;
#[cfg(feature = "v2-check")]
pub use v2_check::{V2Check, V2NotChecked, V2Warning, v2_check};
