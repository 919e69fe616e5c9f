//! What a call is made of.

use bytes::Bytes;
use http::Method;

use super::decoder::Decoder;
use crate::operation::{Effect, OperationInfo};

/// One operation of the API, and the type of its output.
///
/// The operations of this crate are in [`operations`](crate::operations). An endpoint that has no function here can be
/// called just as well: declare it and use [`Call`](crate::Call).
///
/// ```no_run
/// # async fn example(core: leonardo_ai::LeonardoCore) -> Result<(), leonardo_ai::Error> {
/// use leonardo_ai::{Call, Effect, Operation, http::Method};
///
/// static PLATFORM_MODELS: Operation =
///     Operation::new("models_list_platform_models", Method::GET, "/v1/platformModels", Effect::Read);
///
/// let models: Vec<serde_json::Value> = Call::new(&core, &PLATFORM_MODELS).list("custom_models").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Operation<T = Bytes> {
    /// What is known of it.
    pub info: OperationInfo,
    pub(crate) decoder: Decoder<T>,
}

impl Operation {
    /// An operation of your own, whose output is the body as it is unless the call says otherwise.
    pub const fn new(name: &'static str, method: Method, path: &'static str, effect: Effect) -> Self {
        let info =
            OperationInfo { name, feature: "", group: "", method, path, effect, arguments: &[], field: "", job: None };
        Self { info, decoder: Decoder::BODY }
    }
}
