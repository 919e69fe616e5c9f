//! Asking what a request will cost.

use std::fmt;
use std::future::IntoFuture;

use super::options::{Options, call_options};
use super::prices::{Priced, Prices};
use crate::core::LeonardoCore;
use crate::error::{CallInfo, Error, Refused};
use crate::models::Cost;
use crate::operation::Effect;
use crate::runtime::BoxFuture;

/// The question what a request will cost; made by a function such as `image_estimate_cost`. It costs nothing.
///
/// It ends with a [`Cost`] in credits, or with `None` if the service does not tell one. Equal questions are asked of the
/// service once for each core.
#[must_use = "nothing is asked until it is awaited"]
pub struct EstimateCost {
    core: LeonardoCore,
    name: &'static str,
    priced: Result<Priced, &'static str>,
    call: Options,
}

call_options! {
    impl[] EstimateCost, options: call, core: core,
    deadline: "As [`Call::deadline`](crate::Call::deadline).",
    retry: "As [`Call::retry`](crate::Call::retry)."
}

impl EstimateCost {
    pub(crate) fn new(core: &LeonardoCore, name: &'static str, priced: Result<Priced, &'static str>) -> Self {
        Self { core: core.clone(), name, priced, call: Options::default() }
    }
}

impl IntoFuture for EstimateCost {
    type Output = Result<Option<Cost>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { core, name, priced, mut call } = self;
            let info = CallInfo::new(name, Effect::Read);
            if let Some(refused) = call.refused.take() {
                return Err(refused.into_error(info));
            }
            let priced = priced.map_err(|reason| Refused::new("request", reason).into_error(info))?;
            core.state(Prices::default).ask(&core, &priced, &call).await
        })
    }
}

impl fmt::Debug for EstimateCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EstimateCost").field("name", &self.name).field("call", &self.call).finish_non_exhaustive()
    }
}
