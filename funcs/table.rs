//! The one table of operations. Everything that depends on which operations there are comes from here: the gates of
//! `funcs` and `models`, the statics below, `leonardo call`, and the tests that hold features, files and
//! documentation together.

/// Hands the table of operations to the macro `$then`, whose first token is a dollar sign.
///
/// A line is: static, function, feature, effect, method, path, arguments, and what comes back. The arguments are the
/// path's ids, in order and under their wire names, then `request` where the function takes one. What comes back is a
/// `record`, a `list` of records or the `first` of a list, and the field of the response that holds it; or a `flat` record,
/// whose fields may also stand where that field could be. What begins a job that goes on after the response says which kind
/// of `job`, and so does the operation that tells how far such a job is.
#[cfg(feature = "client")]
macro_rules! table {
    ($then:ident $dollar:tt) => {
        $then! {
            $dollar
            blueprints {
                BLUEPRINTS_EXECUTE_BLUEPRINT blueprints_execute_blueprint "blueprints-execute-blueprint" Billable POST "/v1/blueprint-executions" (request) -> record BlueprintExecutionJob in "executeBlueprint" job Blueprint;
                BLUEPRINTS_GET_BLUEPRINT_BY_ID blueprints_get_blueprint_by_id "blueprints-get-blueprint-by-id" Read GET "/v1/blueprints/{id}" (id) -> record Blueprint in "blueprint";
                BLUEPRINTS_GET_BLUEPRINT_EXECUTION blueprints_get_blueprint_execution "blueprints-get-blueprint-execution" Read GET "/v1/blueprint-executions/{id}" (id) -> record BlueprintExecution in "blueprintExecution" job Blueprint;
                BLUEPRINTS_GET_BLUEPRINT_EXECUTION_GENERATIONS blueprints_get_blueprint_execution_generations "blueprints-get-blueprint-execution-generations" Read GET "/v1/blueprint-executions/{id}/generations" (id, request) -> record BlueprintExecutionGenerations in "blueprintExecutionGenerations";
                BLUEPRINTS_GET_BLUEPRINT_VERSIONS_BY_BLUEPRINT_ID blueprints_get_blueprint_versions_by_blueprint_id "blueprints-get-blueprint-versions-by-blueprint-id" Read GET "/v1/blueprints/{id}/versions" (id) -> record BlueprintVersions in "blueprintVersions";
                BLUEPRINTS_LIST_BLUEPRINTS blueprints_list_blueprints "blueprints-list-blueprints" Read GET "/v1/blueprints" (request) -> record Blueprints in "blueprints";
            }
            dataset {
                DATASET_CREATE_DATASET dataset_create_dataset "dataset-create-dataset" Create POST "/v1/datasets" (request) -> record CreatedDataset in "insert_datasets_one";
                DATASET_DELETE_DATASET_BY_ID dataset_delete_dataset_by_id "dataset-delete-dataset-by-id" Idempotent DELETE "/v1/datasets/{id}" (id) -> record DeletedDataset in "delete_datasets_by_pk";
                DATASET_GET_DATASET_BY_ID dataset_get_dataset_by_id "dataset-get-dataset-by-id" Read GET "/v1/datasets/{id}" (id) -> record Dataset in "datasets_by_pk";
                DATASET_UPLOAD_DATASET_IMAGE dataset_upload_dataset_image "dataset-upload-dataset-image" Create POST "/v1/datasets/{datasetId}/upload" (datasetId, request) -> record DatasetImageUpload in "uploadDatasetImage";
                DATASET_UPLOAD_DATASET_IMAGE_FROM_GEN dataset_upload_dataset_image_from_gen "dataset-upload-dataset-image-from-gen" Create POST "/v1/datasets/{datasetId}/upload/gen" (datasetId, request) -> record AddedDatasetImage in "uploadDatasetImageFromGen";
            }
            elements {
                ELEMENTS_CREATE_ELEMENT elements_create_element "elements-create-element" Billable POST "/v1/elements" (request) -> record ElementTrainingJob in "sdTrainingJob" job Element;
                ELEMENTS_DELETE_ELEMENT_BY_ID elements_delete_element_by_id "elements-delete-element-by-id" Idempotent DELETE "/v1/elements/{userLoraId}" (userLoraId) -> record DeletedElement in "delete_user_loras_by_pk";
                ELEMENTS_GET_CUSTOM_ELEMENTS_BY_USER_ID elements_get_custom_elements_by_user_id "elements-get-custom-elements-by-user-id" Read GET "/v1/elements/user/{userId}" (userId) -> list CustomElement in "user_loras";
                ELEMENTS_GET_ELEMENT_BY_ID elements_get_element_by_id "elements-get-element-by-id" Read GET "/v1/elements/{userLoraId}" (userLoraId) -> record CustomElement in "user_loras_by_pk" job Element;
                ELEMENTS_LIST_ELEMENTS elements_list_elements "elements-list-elements" Read GET "/v1/elements" () -> list Lora in "loras";
            }
            image {
                IMAGE_CREATE_GENERATION image_create_generation "image-create-generation" Billable POST "/v1/generations" (request) -> record GenerationJob in "sdGenerationJob" job Generation;
                IMAGE_DELETE_GENERATION_BY_ID image_delete_generation_by_id "image-delete-generation-by-id" Idempotent DELETE "/v1/generations/{id}" (id) -> record DeletedGeneration in "delete_generations_by_pk";
                IMAGE_GET_GENERATION_BY_ID image_get_generation_by_id "image-get-generation-by-id" Read GET "/v1/generations/{id}" (id) -> record Generation in "generations_by_pk" job Generation;
                IMAGE_GET_GENERATIONS_BY_USER_ID image_get_generations_by_user_id "image-get-generations-by-user-id" Read GET "/v1/generations/user/{userId}" (userId, request) -> list Generation in "generations";
            }
            init_images {
                INIT_IMAGES_DELETE_INIT_IMAGE_BY_ID init_images_delete_init_image_by_id "init-images-delete-init-image-by-id" Idempotent DELETE "/v1/init-image/{id}" (id) -> record DeletedInitImage in "delete_init_images_by_pk";
                INIT_IMAGES_GET_INIT_IMAGE_BY_ID init_images_get_init_image_by_id "init-images-get-init-image-by-id" Read GET "/v1/init-image/{id}" (id) -> record InitImage in "init_images_by_pk";
                INIT_IMAGES_UPLOAD_CANVAS_INIT_IMAGE init_images_upload_canvas_init_image "init-images-upload-canvas-init-image" Idempotent POST "/v1/canvas-init-image" (request) -> record CanvasInitImageUpload in "uploadCanvasInitImage";
                INIT_IMAGES_UPLOAD_INIT_IMAGE init_images_upload_init_image "init-images-upload-init-image" Idempotent POST "/v1/init-image" (request) -> record InitImageUpload in "uploadInitImage";
            }
            media {
                MEDIA_DELETE_UPLOADED_MEDIA_BY_ID media_delete_uploaded_media_by_id "media-delete-uploaded-media-by-id" Idempotent DELETE "/v1/media/{id}" (id) -> record DeletedMedia in "delete_uploaded_media_by_pk";
                MEDIA_GET_UPLOADED_MEDIA_BY_ID media_get_uploaded_media_by_id "media-get-uploaded-media-by-id" Read GET "/v1/media/{id}" (id) -> record UploadedMedia in "uploaded_media_by_pk";
                MEDIA_UPLOAD_MEDIA media_upload_media "media-upload-media" Idempotent POST "/v1/media" (request) -> record MediaUpload in "uploadMedia";
            }
            models {
                MODELS_CREATE_MODEL models_create_model "models-create-model" Billable POST "/v1/models" (request) -> record ModelTrainingJob in "sdTrainingJob" job Model;
                MODELS_DELETE_MODEL_BY_ID models_delete_model_by_id "models-delete-model-by-id" Idempotent DELETE "/v1/models/{id}" (id) -> record DeletedModel in "delete_custom_models_by_pk";
                MODELS_GET_CUSTOM_MODELS_BY_USER_ID models_get_custom_models_by_user_id "models-get-custom-models-by-user-id" Read GET "/v1/models/user/{userId}" (userId) -> list CustomModel in "custom_models";
                MODELS_GET_MODEL_BY_ID models_get_model_by_id "models-get-model-by-id" Read GET "/v1/models/{id}" (id) -> record CustomModel in "custom_models_by_pk" job Model;
                MODELS_LIST_PLATFORM_MODELS models_list_platform_models "models-list-platform-models" Read GET "/v1/platformModels" () -> list PlatformModel in "custom_models";
            }
            motion {
                MOTION_CREATE_IMAGE_TO_VIDEO_GENERATION motion_create_image_to_video_generation "motion-create-image-to-video-generation" Billable POST "/v1/generations-image-to-video" (request) -> record MotionGenerationJob in "motionVideoGenerationJob" job Generation;
                MOTION_CREATE_SVD_MOTION_GENERATION motion_create_svd_motion_generation "motion-create-svd-motion-generation" Billable POST "/v1/generations-motion-svd" (request) -> record MotionGenerationJob in "motionSvdGenerationJob" job Generation;
                MOTION_CREATE_TEXT_TO_VIDEO_GENERATION motion_create_text_to_video_generation "motion-create-text-to-video-generation" Billable POST "/v1/generations-text-to-video" (request) -> record MotionGenerationJob in "motionVideoGenerationJob" job Generation;
                MOTION_CREATE_VIDEO_UPSCALE motion_create_video_upscale "motion-create-video-upscale" Billable POST "/v1/generations-video-upscale" (request) -> record VideoUpscaleJob in "motionVideoGenerationJob" job MotionVariation;
            }
            pricing_calculator {
                PRICING_CALCULATOR_PRICING_CALCULATOR pricing_calculator_pricing_calculator "pricing-calculator-pricing-calculator" Read POST "/v1/pricing-calculator" (request) -> record CalculatedCost in "calculateProductionApiServiceCost";
            }
            prompt {
                PROMPT_PROMPT_IMPROVE prompt_prompt_improve "prompt-prompt-improve" Billable POST "/v1/prompt/improve" (request) -> record PromptGeneration in "promptGeneration";
                PROMPT_PROMPT_RANDOM prompt_prompt_random "prompt-prompt-random" Billable POST "/v1/prompt/random" () -> record PromptGeneration in "promptGeneration";
            }
            realtime_canvas {
                REALTIME_CANVAS_CREATE_LCM_GENERATION realtime_canvas_create_lcm_generation "realtime-canvas-create-lcm-generation" Billable POST "/v1/generations-lcm" (request) -> record LcmGeneration in "lcmGenerationJob";
                REALTIME_CANVAS_PERFORM_ALCHEMY_UPSCALE_LCM realtime_canvas_perform_alchemy_upscale_lcm "realtime-canvas-perform-alchemy-upscale-lcm" Billable POST "/v1/lcm-upscale" (request) -> record LcmUpscale in "lcmGenerationJob";
                REALTIME_CANVAS_PERFORM_INPAINTING_LCM realtime_canvas_perform_inpainting_lcm "realtime-canvas-perform-inpainting-lcm" Billable POST "/v1/lcm-inpainting" (request) -> record LcmGeneration in "lcmGenerationJob";
                REALTIME_CANVAS_PERFORM_INSTANT_REFINE realtime_canvas_perform_instant_refine "realtime-canvas-perform-instant-refine" Billable POST "/v1/lcm-instant-refine" (request) -> record LcmGeneration in "lcmGenerationJob";
            }
            texture {
                TEXTURE_CREATE_TEXTURE_GENERATION texture_create_texture_generation "texture-create-texture-generation" Billable POST "/v1/generations-texture" (request) -> record TextureGenerationJob in "textureGenerationJob" job Texture;
                TEXTURE_DELETE_TEXTURE_GENERATION_BY_ID texture_delete_texture_generation_by_id "texture-delete-texture-generation-by-id" Idempotent DELETE "/v1/generations-texture/{id}" (id) -> record DeletedTextureGeneration in "delete_model_asset_texture_generations_by_pk";
                TEXTURE_GET_TEXTURE_GENERATION_BY_ID texture_get_texture_generation_by_id "texture-get-texture-generation-by-id" Read GET "/v1/generations-texture/{id}" (id) -> record TextureGeneration in "model_asset_texture_generations_by_pk" job Texture;
                TEXTURE_GET_TEXTURE_GENERATIONS_BY_MODEL_ID texture_get_texture_generations_by_model_id "texture-get-texture-generations-by-model-id" Read GET "/v1/generations-texture/model/{modelId}" (modelId, request) -> list TextureGeneration in "model_asset_texture_generations";
            }
            three_d_model_assets {
                THREE_D_MODEL_ASSETS_DELETE_3D_MODEL_BY_ID three_d_model_assets_delete_3d_model_by_id "three-d-model-assets-delete-3d-model-by-id" Idempotent DELETE "/v1/models-3d/{id}" (id) -> record DeletedModelAsset in "delete_model_assets_by_pk";
                THREE_D_MODEL_ASSETS_GET_3D_MODEL_BY_ID three_d_model_assets_get_3d_model_by_id "three-d-model-assets-get-3d-model-by-id" Read GET "/v1/models-3d/{id}" (id) -> record ModelAsset in "model_assets_by_pk";
                THREE_D_MODEL_ASSETS_GET_3D_MODELS_BY_USER_ID three_d_model_assets_get_3d_models_by_user_id "three-d-model-assets-get-3d-models-by-user-id" Read GET "/v1/models-3d/user/{userId}" (userId, request) -> list ModelAsset in "model_assets";
                THREE_D_MODEL_ASSETS_UPLOAD_MODEL_ASSET three_d_model_assets_upload_model_asset "three-d-model-assets-upload-model-asset" Create POST "/v1/models-3d/upload" (request) -> record ModelAssetUpload in "uploadModelAsset";
            }
            user {
                USER_GET_USER_SELF user_get_user_self "user-get-user-self" Read GET "/v1/me" () -> first UserDetails in "user_details";
            }
            v2 {
                V2_CREATE_GENERATION v2_create_generation "v2-create-generation" Billable POST "/v2/generations" (request) -> flat V2GenerationJob in "generate" job Generation;
                V2_CREATE_SYNC_GENERATION v2_create_sync_generation "v2-create-sync-generation" Billable POST "/v2/generationssync" (request) -> flat V2SyncGeneration in "";
                V2_GET_MODELS v2_get_models "v2-get-models" Read GET "/v2/models" () -> list V2ModelDetails in "productionApiAvailableModels";
            }
            variation {
                VARIATION_CREATE_UNIVERSAL_UPSCALER_JOB variation_create_universal_upscaler_job "variation-create-universal-upscaler-job" Billable POST "/v1/variations/universal-upscaler" (request) -> record VariationJob in "universalUpscaler" job Variation;
                VARIATION_CREATE_VARIATION_NO_BG variation_create_variation_no_bg "variation-create-variation-no-bg" Billable POST "/v1/variations/nobg" (request) -> record VariationJob in "sdNobgJob" job Variation;
                VARIATION_CREATE_VARIATION_UNZOOM variation_create_variation_unzoom "variation-create-variation-unzoom" Billable POST "/v1/variations/unzoom" (request) -> record VariationJob in "sdUnzoomJob" job Variation;
                VARIATION_CREATE_VARIATION_UPSCALE variation_create_variation_upscale "variation-create-variation-upscale" Billable POST "/v1/variations/upscale" (request) -> record VariationJob in "sdUpscaleJob" job Variation;
                VARIATION_GET_MOTION_VARIATION_BY_ID variation_get_motion_variation_by_id "variation-get-motion-variation-by-id" Read GET "/v1/motion-variations/{id}" (id) -> first MotionVariation in "generated_image_variation_motion" job MotionVariation;
                VARIATION_GET_VARIATION_BY_ID variation_get_variation_by_id "variation-get-variation-by-id" Read GET "/v1/variations/{id}" (id) -> first Variation in "generated_image_variation_generic" job Variation;
            }
        }
    };
}

/// A function that stands on several operations.
#[cfg(feature = "client")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkflowInfo {
    /// The group that the documentation lists it under.
    pub group: &'static str,
    /// The function's name, such as `image_generate`.
    pub name: &'static str,
    /// The cargo feature that brings it.
    pub feature: &'static str,
    /// The features that it stands on.
    pub needs: &'static [&'static str],
}

#[cfg(feature = "client")]
const fn workflow(
    group: &'static str,
    name: &'static str,
    feature: &'static str,
    needs: &'static [&'static str],
) -> WorkflowInfo {
    WorkflowInfo { group, name, feature, needs }
}

/// Every function that stands on several operations, whether it is compiled into this build or not.
#[cfg(feature = "client")]
pub static WORKFLOWS: &[WorkflowInfo] = &[
    workflow(
        "image",
        "image_create_generation_once",
        "image-create-generation-once",
        &["creating-once", "image-create-generation", "image-find-generation"],
    ),
    workflow("image", "image_find_generation", "image-find-generation", &["searching"]),
    workflow(
        "image",
        "image_generate",
        "image-generate",
        &["creating", "image-create-generation-once", "image-wait-for-generation"],
    ),
    workflow(
        "image",
        "image_list_generations",
        "image-list-generations",
        &["image-get-generations-by-user-id", "listing"],
    ),
    workflow("blueprints", "blueprints_list_all", "blueprints-list-all", &["blueprints-list-blueprints", "listing"]),
    workflow(
        "blueprints",
        "blueprints_list_outputs",
        "blueprints-list-outputs",
        &["blueprints-get-blueprint-execution-generations", "listing"],
    ),
    workflow(
        "texture",
        "texture_list_texture_generations",
        "texture-list-texture-generations",
        &["texture-get-texture-generations-by-model-id", "listing"],
    ),
    workflow(
        "three_d_model_assets",
        "three_d_model_assets_list_3d_models",
        "three-d-model-assets-list-3d-models",
        &["three-d-model-assets-get-3d-models-by-user-id", "listing"],
    ),
    workflow(
        "image",
        "image_wait_for_generation",
        "image-wait-for-generation",
        &["image-get-generation-by-id", "polling"],
    ),
    workflow("image", "image_download", "image-download", &["client", "dep:fastrand", "tokio/io-util"]),
    workflow("image", "image_download_all", "image-download-all", &["image-download", "image-get-generation-by-id"]),
    workflow(
        "init_images",
        "init_images_upload_file",
        "init-images-upload-file",
        &["init-images-upload-init-image", "uploading"],
    ),
    workflow(
        "variation",
        "variation_wait_for_variation",
        "variation-wait-for-variation",
        &["variation-get-variation-by-id", "polling"],
    ),
    workflow(
        "variation",
        "variation_wait_for_motion_variation",
        "variation-wait-for-motion-variation",
        &["variation-get-motion-variation-by-id", "polling"],
    ),
    workflow(
        "elements",
        "elements_wait_for_element",
        "elements-wait-for-element",
        &["elements-get-element-by-id", "polling"],
    ),
    workflow("models", "models_wait_for_model", "models-wait-for-model", &["models-get-model-by-id", "polling"]),
    workflow(
        "texture",
        "texture_wait_for_texture_generation",
        "texture-wait-for-texture-generation",
        &["texture-get-texture-generation-by-id", "polling"],
    ),
    workflow(
        "blueprints",
        "blueprints_wait_for_execution",
        "blueprints-wait-for-execution",
        &["blueprints-get-blueprint-execution", "polling"],
    ),
    workflow("media", "media_wait_for_media", "media-wait-for-media", &["media-get-uploaded-media-by-id", "polling"]),
    workflow(
        "variation",
        "variation_upscale_and_wait",
        "variation-upscale-and-wait",
        &["creating", "variation-create-variation-upscale", "variation-wait-for-variation"],
    ),
    workflow(
        "variation",
        "variation_unzoom_and_wait",
        "variation-unzoom-and-wait",
        &["creating", "variation-create-variation-unzoom", "variation-wait-for-variation"],
    ),
    workflow(
        "variation",
        "variation_no_bg_and_wait",
        "variation-no-bg-and-wait",
        &["creating", "variation-create-variation-no-bg", "variation-wait-for-variation"],
    ),
    workflow(
        "variation",
        "variation_universal_upscale_and_wait",
        "variation-universal-upscale-and-wait",
        &["creating", "variation-create-universal-upscaler-job", "variation-wait-for-variation"],
    ),
    workflow(
        "motion",
        "motion_create_image_to_video_generation_once",
        "motion-create-image-to-video-generation-once",
        &["creating-once", "motion-create-image-to-video-generation"],
    ),
    workflow(
        "motion",
        "motion_image_to_video_and_wait",
        "motion-image-to-video-and-wait",
        &["creating", "motion-create-image-to-video-generation-once", "image-wait-for-generation"],
    ),
    workflow(
        "motion",
        "motion_create_text_to_video_generation_once",
        "motion-create-text-to-video-generation-once",
        &["creating-once", "motion-create-text-to-video-generation"],
    ),
    workflow(
        "motion",
        "motion_text_to_video_and_wait",
        "motion-text-to-video-and-wait",
        &["creating", "motion-create-text-to-video-generation-once", "image-wait-for-generation"],
    ),
    workflow(
        "motion",
        "motion_svd_and_wait",
        "motion-svd-and-wait",
        &["creating", "motion-create-svd-motion-generation", "image-wait-for-generation"],
    ),
    workflow(
        "motion",
        "motion_upscale_and_wait",
        "motion-upscale-and-wait",
        &["creating", "motion-create-video-upscale", "variation-wait-for-motion-variation"],
    ),
    workflow(
        "elements",
        "elements_create_and_wait",
        "elements-create-and-wait",
        &["creating", "elements-create-element", "elements-wait-for-element"],
    ),
    workflow(
        "models",
        "models_create_and_wait",
        "models-create-and-wait",
        &["creating", "models-create-model", "models-wait-for-model"],
    ),
    workflow(
        "texture",
        "texture_create_and_wait",
        "texture-create-and-wait",
        &["creating", "texture-create-texture-generation", "texture-wait-for-texture-generation"],
    ),
    workflow(
        "blueprints",
        "blueprints_execute_and_wait",
        "blueprints-execute-and-wait",
        &["creating", "blueprints-execute-blueprint", "blueprints-wait-for-execution"],
    ),
    workflow(
        "realtime_canvas",
        "realtime_canvas_image_from_file",
        "realtime-canvas-image-from-file",
        &["data-urls", "realtime-canvas-create-lcm-generation"],
    ),
    workflow(
        "realtime_canvas",
        "realtime_canvas_image_to_file",
        "realtime-canvas-image-to-file",
        &["data-urls", "realtime-canvas-create-lcm-generation"],
    ),
    workflow(
        "v2",
        "remove_background",
        "remove-background",
        &["data-urls", "init-images-upload-file", "v2-create-sync-generation"],
    ),
    workflow(
        "v2",
        "v2_create_generation_once",
        "v2-create-generation-once",
        &["creating-once", "v2-create-generation"],
    ),
    workflow(
        "v2",
        "v2_generate_and_wait",
        "v2-generate-and-wait",
        &["creating", "v2-create-generation-once", "image-wait-for-generation"],
    ),
    workflow("image", "image_estimate_cost", "image-estimate-cost", &["image-create-generation", "limits"]),
    workflow(
        "motion",
        "motion_estimate_image_to_video_cost",
        "motion-estimate-image-to-video-cost",
        &["motion-create-image-to-video-generation", "limits"],
    ),
    workflow(
        "motion",
        "motion_estimate_text_to_video_cost",
        "motion-estimate-text-to-video-cost",
        &["motion-create-text-to-video-generation", "limits"],
    ),
    workflow(
        "realtime_canvas",
        "realtime_canvas_estimate_cost",
        "realtime-canvas-estimate-cost",
        &["realtime-canvas-create-lcm-generation", "limits"],
    ),
    workflow(
        "texture",
        "texture_estimate_cost",
        "texture-estimate-cost",
        &["texture-create-texture-generation", "limits"],
    ),
    workflow(
        "init_images",
        "init_images_upload_canvas_files",
        "init-images-upload-canvas-files",
        &["init-images-upload-canvas-init-image", "uploading"],
    ),
    workflow("dataset", "dataset_upload_file", "dataset-upload-file", &["dataset-upload-dataset-image", "uploading"]),
    workflow("media", "media_upload_file", "media-upload-file", &["media-upload-media", "uploading"]),
    workflow(
        "three_d_model_assets",
        "three_d_model_assets_upload_file",
        "three-d-model-assets-upload-file",
        &["three-d-model-assets-upload-model-asset", "uploading"],
    ),
];

/// Everything that is made of the lines: the only macro that knows what they look like.
#[cfg(feature = "client")]
macro_rules! operations {
    ($dollar:tt $($group:ident { $($constant:ident $name:ident $feature:literal $effect:ident $method:ident $path:literal ($($argument:ident),*) -> $shape:ident $record:ident in $field:literal $(job $job:ident)?;)* })*) => {
        /// Every operation of this crate, whether it is compiled into this build or not.
        pub static TABLE: &[crate::OperationInfo] = &[$($(info!($group $name $feature $effect $method $path ($($argument),*) $field $($job)?),)*)*];

        $($(
            #[doc = concat!("`", stringify!($method), " ", $path, "`, called by [`", stringify!($name), "`](crate::funcs::", stringify!($name), "()).")]
            #[cfg(feature = $feature)]
            pub static $constant: crate::Operation<shape!($shape crate::models::$record)> = crate::Operation {
                info: info!($group $name $feature $effect $method $path ($($argument),*) $field $($job)?),
                decoder: crate::call::$shape::<crate::models::$record>(),
            };
        )*)*

        /// Every operation compiled into this build, in the order of the table.
        pub static ALL: &[&crate::OperationInfo] = &[$($(#[cfg(feature = $feature)] &$constant.info,)*)*];

        /// Calls the macro `$each` with the feature, the function and the arguments of each operation, in the order of
        /// the table: `$each!("feature" function argument …);`.
        #[doc(hidden)]
        #[macro_export]
        macro_rules! for_each_operation {
            ($dollar each:ident) => {
                $($($dollar each!($feature $name $($argument)*);)*)*
            };
        }
    };
}

#[cfg(feature = "client")]
macro_rules! info {
    ($group:ident $name:ident $feature:literal $effect:ident $method:ident $path:literal ($($argument:ident),*) $field:literal $($job:ident)?) => {
        crate::OperationInfo {
            name: stringify!($name),
            feature: $feature,
            group: stringify!($group),
            method: http::Method::$method,
            path: $path,
            effect: crate::Effect::$effect,
            arguments: &[$(stringify!($argument)),*],
            field: $field,
            job: job!($($job)?),
        }
    };
}

#[cfg(feature = "client")]
macro_rules! job {
    () => {
        None
    };
    ($job:ident) => {
        Some(crate::JobKind::$job)
    };
}

/// The type of an output.
#[cfg(feature = "client")]
#[cfg_attr(not(feature = "full"), allow(unused_macros, reason = "without operations there are no outputs"))]
macro_rules! shape {
    (record $record:ty) => { $record };
    (flat $record:ty) => { $record };
    (first $record:ty) => { $record };
    (list $record:ty) => { Vec<$record> };
}

#[cfg(feature = "client")]
table!(operations $);
