//! What goes over the wire: the bodies of requests and responses.
//!
//! - **Responses have more than is documented.** Unknown fields are passed over, and a value that an enum does not know
//!   is kept as text in its `Unknown` variant, so a new style or status never turns a response into an error.
//! - **Number formats vary.** A balance is `12` one day and `12.4567` the next, a seed is a number here and text there.
//!   All of these decode alike; `null` where something was promised becomes the empty value, as
//!   does a value of another kind.
//! - **Requests send what is set.** A field that is `None` is not sent, and then the service's own default applies.
//!
//! Identifiers of different things are different types and do not convert into one another; see [`GenerationId`].

#![allow(clippy::module_inception, reason = "a group of operations is called models as well")]

mod common;
mod error;
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only some groups have forms"))]
mod form;
mod ids;
#[cfg(any(feature = "models", feature = "webhooks"))]
mod webhooks;

pub use crate::codec::{Violation, Violations};
pub use common::{
    Cost, CostUnit, ElementInput, ImageExtension, InitImageType, JobStatus, Lora, SdVersion, Timestamp, UnknownValue,
    VariationType, VideoResolution,
};
pub use error::ApiErrorBody;
pub use ids::{
    BlueprintExecutionId, BlueprintId, BlueprintVersionId, DatasetId, DatasetImageId, ElementId, GenerationId, ImageId,
    InitImageId, MediaId, ModelAssetId, ModelId, SourceImageId, SyncGenerationId, TextureGenerationId, TextureImageId,
    UserElementId, UserId, VariationId,
};
#[cfg(any(feature = "models", feature = "webhooks"))]
pub use webhooks::{WebhookGeneration, WebhookImage, WebhookModel};

// The models of a group of operations come with any operation of the group.
// begin of groups: written by `UPDATE=1 cargo test --features full --test consistency`
#[cfg(any(
    feature = "models",
    feature = "blueprints-execute-blueprint",
    feature = "blueprints-get-blueprint-by-id",
    feature = "blueprints-get-blueprint-execution",
    feature = "blueprints-get-blueprint-execution-generations",
    feature = "blueprints-get-blueprint-versions-by-blueprint-id",
    feature = "blueprints-list-blueprints",
))]
mod blueprints;
#[cfg(any(
    feature = "models",
    feature = "blueprints-execute-blueprint",
    feature = "blueprints-get-blueprint-by-id",
    feature = "blueprints-get-blueprint-execution",
    feature = "blueprints-get-blueprint-execution-generations",
    feature = "blueprints-get-blueprint-versions-by-blueprint-id",
    feature = "blueprints-list-blueprints",
))]
pub use blueprints::{
    Blueprint, BlueprintEdge, BlueprintExecutability, BlueprintExecution, BlueprintExecutionGeneration,
    BlueprintExecutionGenerationEdge, BlueprintExecutionGenerations, BlueprintExecutionInput, BlueprintExecutionJob,
    BlueprintFailedReason, BlueprintFailure, BlueprintGivenInput, BlueprintInput, BlueprintInputValue,
    BlueprintNodeInput, BlueprintObstacle, BlueprintOutput, BlueprintPageInfo, BlueprintPlatform, BlueprintSetting,
    BlueprintStatus, BlueprintTextVariable, BlueprintThumbnail, BlueprintUiMetadata, BlueprintVersion,
    BlueprintVersionEdge, BlueprintVersions, Blueprints, ExecuteBlueprintRequest,
    GetBlueprintExecutionGenerationsRequest, ListBlueprintsRequest,
};
#[cfg(any(
    feature = "models",
    feature = "dataset-create-dataset",
    feature = "dataset-delete-dataset-by-id",
    feature = "dataset-get-dataset-by-id",
    feature = "dataset-upload-dataset-image",
    feature = "dataset-upload-dataset-image-from-gen",
))]
mod dataset;
#[cfg(any(
    feature = "models",
    feature = "dataset-create-dataset",
    feature = "dataset-delete-dataset-by-id",
    feature = "dataset-get-dataset-by-id",
    feature = "dataset-upload-dataset-image",
    feature = "dataset-upload-dataset-image-from-gen",
))]
pub use dataset::{
    AddedDatasetImage, CreateDatasetRequest, CreatedDataset, Dataset, DatasetImage, DatasetImageUpload, DeletedDataset,
    UploadDatasetImageFromGenRequest, UploadDatasetImageRequest,
};
#[cfg(any(
    feature = "models",
    feature = "elements-create-element",
    feature = "elements-delete-element-by-id",
    feature = "elements-get-custom-elements-by-user-id",
    feature = "elements-get-element-by-id",
    feature = "elements-list-elements",
))]
mod elements;
#[cfg(any(
    feature = "models",
    feature = "elements-create-element",
    feature = "elements-delete-element-by-id",
    feature = "elements-get-custom-elements-by-user-id",
    feature = "elements-get-element-by-id",
    feature = "elements-list-elements",
))]
pub use elements::{
    CreateElementRequest, CustomElement, DeletedElement, ElementBaseModel, ElementFocus, ElementTrainingJob,
};
#[cfg(any(
    feature = "models",
    feature = "webhooks",
    feature = "image-create-generation",
    feature = "image-delete-generation-by-id",
    feature = "image-get-generation-by-id",
    feature = "image-get-generations-by-user-id",
))]
mod image;
#[cfg(any(
    feature = "models",
    feature = "webhooks",
    feature = "image-create-generation",
    feature = "image-delete-generation-by-id",
    feature = "image-get-generation-by-id",
    feature = "image-get-generations-by-user-id",
))]
pub use image::{
    CanvasRequestType, ControlnetInput, ControlnetType, CreateGenerationRequest, DeletedGeneration, GeneratedImage,
    Generation, GenerationElement, GenerationJob, GetGenerationsByUserIdRequest, ImageVariation, PresetStyle,
    Scheduler, StrengthType, Transparency, UserElementInput,
};
#[cfg(any(
    feature = "models",
    feature = "init-images-delete-init-image-by-id",
    feature = "init-images-get-init-image-by-id",
    feature = "init-images-upload-canvas-init-image",
    feature = "init-images-upload-init-image",
))]
mod init_images;
#[cfg(any(
    feature = "models",
    feature = "init-images-delete-init-image-by-id",
    feature = "init-images-get-init-image-by-id",
    feature = "init-images-upload-canvas-init-image",
    feature = "init-images-upload-init-image",
))]
pub use init_images::{
    CanvasInitImageUpload, DeletedInitImage, InitImage, InitImageUpload, UploadCanvasInitImageRequest,
    UploadInitImageRequest,
};
#[cfg(any(
    feature = "models",
    feature = "media-delete-uploaded-media-by-id",
    feature = "media-get-uploaded-media-by-id",
    feature = "media-upload-media",
))]
mod media;
#[cfg(any(
    feature = "models",
    feature = "media-delete-uploaded-media-by-id",
    feature = "media-get-uploaded-media-by-id",
    feature = "media-upload-media",
))]
pub use media::{DeletedMedia, MediaExtension, MediaUpload, UploadMediaRequest, UploadedMedia};
#[cfg(any(
    feature = "models",
    feature = "webhooks",
    feature = "models-create-model",
    feature = "models-delete-model-by-id",
    feature = "models-get-custom-models-by-user-id",
    feature = "models-get-model-by-id",
    feature = "models-list-platform-models",
))]
mod models;
#[cfg(any(
    feature = "models",
    feature = "webhooks",
    feature = "models-create-model",
    feature = "models-delete-model-by-id",
    feature = "models-get-custom-models-by-user-id",
    feature = "models-get-model-by-id",
    feature = "models-list-platform-models",
))]
pub use models::{
    CreateModelRequest, CustomModel, CustomModelType, DeletedModel, ModelTrainingJob, PlatformModel,
    PlatformModelImage, TrainingStrength,
};
#[cfg(any(
    feature = "models",
    feature = "motion-create-image-to-video-generation",
    feature = "motion-create-svd-motion-generation",
    feature = "motion-create-text-to-video-generation",
    feature = "motion-create-video-upscale",
))]
mod motion;
#[cfg(any(
    feature = "models",
    feature = "motion-create-image-to-video-generation",
    feature = "motion-create-svd-motion-generation",
    feature = "motion-create-text-to-video-generation",
    feature = "motion-create-video-upscale",
))]
pub use motion::{
    CreateImageToVideoGenerationRequest, CreateSvdMotionGenerationRequest, CreateTextToVideoGenerationRequest,
    CreateVideoUpscaleRequest, EndFrameImageInput, MotionGenerationJob, MotionModel, VideoUpscaleJob,
};
#[cfg(any(feature = "models", feature = "pricing-calculator-pricing-calculator"))]
mod pricing_calculator;
#[cfg(any(feature = "models", feature = "pricing-calculator-pricing-calculator"))]
pub use pricing_calculator::{
    CalculatedCost, FantasyAvatarPricing, ImageGenerationPricing, LcmPricing, ModelTrainingPricing, MotionVideoPricing,
    PricingCalculatorRequest, PricingParams, PricingService, TexturePricing, UniversalUpscalerPricing,
    UniversalUpscalerUltraPricing, Veo3MotionVideoPricing,
};
#[cfg(any(feature = "models", feature = "prompt-prompt-improve", feature = "prompt-prompt-random"))]
mod prompt;
#[cfg(any(feature = "models", feature = "prompt-prompt-improve", feature = "prompt-prompt-random"))]
pub use prompt::{PromptGeneration, PromptImproveRequest};
#[cfg(any(
    feature = "models",
    feature = "realtime-canvas-create-lcm-generation",
    feature = "realtime-canvas-perform-alchemy-upscale-lcm",
    feature = "realtime-canvas-perform-inpainting-lcm",
    feature = "realtime-canvas-perform-instant-refine",
))]
mod realtime_canvas;
#[cfg(any(
    feature = "models",
    feature = "realtime-canvas-create-lcm-generation",
    feature = "realtime-canvas-perform-alchemy-upscale-lcm",
    feature = "realtime-canvas-perform-inpainting-lcm",
    feature = "realtime-canvas-perform-instant-refine",
))]
pub use realtime_canvas::{
    CreateLcmGenerationRequest, DataUrl, LcmGeneration, LcmStyle, LcmUpscale, PerformAlchemyUpscaleLcmRequest,
    PerformInpaintingLcmRequest, PerformInstantRefineRequest,
};
#[cfg(any(
    feature = "models",
    feature = "texture-create-texture-generation",
    feature = "texture-delete-texture-generation-by-id",
    feature = "texture-get-texture-generation-by-id",
    feature = "texture-get-texture-generations-by-model-id",
))]
mod texture;
#[cfg(any(
    feature = "models",
    feature = "texture-create-texture-generation",
    feature = "texture-delete-texture-generation-by-id",
    feature = "texture-get-texture-generation-by-id",
    feature = "texture-get-texture-generations-by-model-id",
))]
pub use texture::{
    CreateTextureGenerationRequest, DeletedTextureGeneration, GetTextureGenerationsByModelIdRequest, TextureGeneration,
    TextureGenerationJob, TextureImage, TextureType,
};
#[cfg(any(
    feature = "models",
    feature = "three-d-model-assets-delete-3d-model-by-id",
    feature = "three-d-model-assets-get-3d-model-by-id",
    feature = "three-d-model-assets-get-3d-models-by-user-id",
    feature = "three-d-model-assets-upload-model-asset",
))]
mod three_d_model_assets;
#[cfg(any(
    feature = "models",
    feature = "three-d-model-assets-delete-3d-model-by-id",
    feature = "three-d-model-assets-get-3d-model-by-id",
    feature = "three-d-model-assets-get-3d-models-by-user-id",
    feature = "three-d-model-assets-upload-model-asset",
))]
pub use three_d_model_assets::{
    DeletedModelAsset, Get3dModelsByUserIdRequest, ModelAsset, ModelAssetExtension, ModelAssetUpload,
    UploadModelAssetRequest,
};
#[cfg(any(feature = "models", feature = "user-get-user-self"))]
mod user;
#[cfg(any(feature = "models", feature = "user-get-user-self"))]
pub use user::{User, UserDetails};
#[cfg(any(
    feature = "models",
    feature = "v2-create-generation",
    feature = "v2-create-sync-generation",
    feature = "v2-get-models",
))]
mod v2;
#[cfg(any(
    feature = "models",
    feature = "v2-create-generation",
    feature = "v2-create-sync-generation",
    feature = "v2-get-models",
))]
pub use v2::{
    CreateV2GenerationRequest, CreateV2SyncGenerationRequest, PromptEnhance, RemoveBackgroundChannels,
    RemoveBackgroundFormat, RemoveBackgroundGuidances, RemoveBackgroundParameters, RemoveBackgroundShadow,
    RemoveBackgroundSize, RemoveBackgroundType, RemoveBackgroundTypeLevel, V2Contrast, V2ElementInput, V2GenerationJob,
    V2Guidance, V2GuidanceImage, V2GuidanceMedia, V2GuidanceRole, V2GuidanceSource, V2GuidanceStrength,
    V2GuidanceWebpage, V2Guidances, V2Mode, V2Model, V2ModelDetails, V2Parameters, V2SyncGeneration, V2SyncResult,
    V2UserElementInput,
};
#[cfg(any(
    feature = "models",
    feature = "variation-create-universal-upscaler-job",
    feature = "variation-create-variation-no-bg",
    feature = "variation-create-variation-unzoom",
    feature = "variation-create-variation-upscale",
    feature = "variation-get-motion-variation-by-id",
    feature = "variation-get-variation-by-id",
))]
mod variation;
#[cfg(any(
    feature = "models",
    feature = "variation-create-universal-upscaler-job",
    feature = "variation-create-variation-no-bg",
    feature = "variation-create-variation-unzoom",
    feature = "variation-create-variation-upscale",
    feature = "variation-get-motion-variation-by-id",
    feature = "variation-get-variation-by-id",
))]
pub use variation::{
    CreateUniversalUpscalerJobRequest, CreateVariationNoBgRequest, CreateVariationUnzoomRequest,
    CreateVariationUpscaleRequest, MotionVariation, MotionVariationType, UltraUpscaleStyle, UpscalerStyle, Variation,
    VariationJob,
};
// end of groups
