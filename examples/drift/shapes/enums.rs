//! The values of all enums. A place of the file is offered each of them, to see which of them its type knows.

use std::collections::BTreeSet;

use leonardo_ai::models;

/// Every value of every enum.
pub fn values() -> BTreeSet<&'static str> {
    ALL.iter().copied().flatten().copied().collect()
}

const ALL: &[&[&str]] = &[
    // begin of enums: written by `UPDATE=1 cargo test --features full --test consistency`
    models::BlueprintFailure::VALUES,
    models::BlueprintPlatform::VALUES,
    models::BlueprintSetting::VALUES,
    models::BlueprintStatus::VALUES,
    models::CanvasRequestType::VALUES,
    models::ControlnetType::VALUES,
    models::CostUnit::VALUES,
    models::CustomModelType::VALUES,
    models::ElementBaseModel::VALUES,
    models::ElementFocus::VALUES,
    models::ImageExtension::VALUES,
    models::InitImageType::VALUES,
    models::JobStatus::VALUES,
    models::LcmStyle::VALUES,
    models::MediaExtension::VALUES,
    models::ModelAssetExtension::VALUES,
    models::MotionModel::VALUES,
    models::MotionVariationType::VALUES,
    models::PresetStyle::VALUES,
    models::PricingService::VALUES,
    models::PromptEnhance::VALUES,
    models::RemoveBackgroundChannels::VALUES,
    models::RemoveBackgroundFormat::VALUES,
    models::RemoveBackgroundShadow::VALUES,
    models::RemoveBackgroundSize::VALUES,
    models::RemoveBackgroundType::VALUES,
    models::RemoveBackgroundTypeLevel::VALUES,
    models::Scheduler::VALUES,
    models::SdVersion::VALUES,
    models::StrengthType::VALUES,
    models::TextureType::VALUES,
    models::TrainingStrength::VALUES,
    models::Transparency::VALUES,
    models::UltraUpscaleStyle::VALUES,
    models::UpscalerStyle::VALUES,
    models::V2Contrast::VALUES,
    models::V2GuidanceRole::VALUES,
    models::V2GuidanceSource::VALUES,
    models::V2GuidanceStrength::VALUES,
    models::V2Mode::VALUES,
    models::V2Model::VALUES,
    models::VariationType::VALUES,
    models::VideoResolution::VALUES,
    // end of enums
];
