use crate::models::{CreateModelRequest, ModelTrainingJob};
use crate::{Call, LeonardoCore, operations};

/// Trains a model on a data set: `POST /v1/models`. Costs credits.
///
/// Responds at once with the id of the model; `models_get_model_by_id` shows when it is trained.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn models_create_model(core: &LeonardoCore, request: CreateModelRequest) -> Call<ModelTrainingJob> {
    Call::new(core, &operations::MODELS_CREATE_MODEL)
        .required("datasetId", request.dataset_id.as_str())
        .required("instance_prompt", &request.instance_prompt)
        .body(&request)
}
