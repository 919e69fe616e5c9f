use crate::models::PlatformModel;
use crate::{Call, LeonardoCore, operations};

/// Lists the models of the platform: `GET /v1/platformModels`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn models_list_platform_models(core: &LeonardoCore) -> Call<Vec<PlatformModel>> {
    Call::new(core, &operations::MODELS_LIST_PLATFORM_MODELS)
}
