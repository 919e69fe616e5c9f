use crate::models::V2ModelDetails;
use crate::{Call, LeonardoCore, operations};

/// Lists the models of version 2 with a JSON schema of their parameters: `GET /v2/models`.
///
/// A response has about 250 KB. It does not tell the slugs that `v2_create_generation` takes; see
/// [`V2Model`](crate::models::V2Model).
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn v2_get_models(core: &LeonardoCore) -> Call<Vec<V2ModelDetails>> {
    Call::new(core, &operations::V2_GET_MODELS)
}
