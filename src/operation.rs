//! What is known of an operation before it is called.

use bytes::Bytes;
use http::Method;

use crate::call::Decoder;

/// What doing an operation twice would mean; it decides when a failed attempt may be retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// Changes nothing. Retried after anything transient.
    Read,
    /// Leaves the same state however often it is done. Retried after anything transient.
    Idempotent,
    /// Makes something each time it is done, which shows and costs nothing, such as a data set. Retried only on proof that
    /// nothing was done: the connection was never made, or the response was 429.
    Create,
    /// Costs credits each time it is done. Retried only on proof that nothing was done, as `Create` is.
    Billable,
}

impl Effect {
    /// Whether doing it twice is the same as doing it once.
    pub(crate) fn is_repeatable(self) -> bool {
        matches!(self, Self::Read | Self::Idempotent)
    }
}

/// What is known of one operation of the API before it is called: where it is, and what doing it means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationInfo {
    /// The function's name, such as `image_create_generation`; errors name it.
    pub name: &'static str,
    /// The cargo feature that brings it; empty for an operation of your own.
    pub feature: &'static str,
    /// The group that the documentation lists it under; empty for an operation of your own.
    pub group: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below the server's base URL, version first, with each id as `{name}`.
    pub path: &'static str,
    /// What doing it twice would mean.
    pub effect: Effect,
    /// The wire names of the path's ids, in order, then `request` if there is a query or a body.
    pub arguments: &'static [&'static str],
    /// The field of the response that holds the output; empty if the body itself is the output.
    pub field: &'static str,
}

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
        let info = OperationInfo { name, feature: "", group: "", method, path, effect, arguments: &[], field: "" };
        Self { info, decoder: Decoder::BODY }
    }
}
