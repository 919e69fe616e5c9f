use crate::models::Lora;
use crate::{Call, LeonardoCore, operations};

/// Lists the elements (LoRAs) of the platform: `GET /v1/elements`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn elements_list_elements(core: &LeonardoCore) -> Call<Vec<Lora>> {
    Call::new(core, &operations::ELEMENTS_LIST_ELEMENTS)
}
