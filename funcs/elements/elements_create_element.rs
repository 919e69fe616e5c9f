use crate::models::{CreateElementRequest, ElementTrainingJob};
use crate::{Call, LeonardoCore, operations};

/// Trains an element (LoRA) on a data set: `POST /v1/elements`. Costs credits.
///
/// Responds at once with the number of the element; `elements_get_element_by_id` shows when it is trained.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn elements_create_element(core: &LeonardoCore, request: CreateElementRequest) -> Call<ElementTrainingJob> {
    Call::new(core, &operations::ELEMENTS_CREATE_ELEMENT)
        .required("datasetId", request.dataset_id.as_str())
        .body(&request)
}
