//! A way into the emulator for tests in other processes and languages.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::faults::{Fault, FaultPlan, Faults};
use crate::http::door::Door;
use crate::http::request::object;
use crate::http::response::{self, ApiError};
use crate::state::State;
use crate::sync::lock;

/// What can be read and changed.
#[derive(Clone)]
pub(crate) struct Control {
    pub(crate) state: Arc<State>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) door: Arc<Door>,
}

type Outcome = Result<Response<Body>, ApiError>;

/// All below `/control/`.
pub(crate) fn router(control: Control) -> Router {
    Router::new()
        .route("/control/charges", get(charges))
        .route("/control/requests", get(requests))
        .route("/control/aborted", get(aborted))
        .route("/control/uploads", get(uploads))
        .route("/control/faults", get(injected).post(set_faults))
        .route("/control/refuse", post(refuse))
        .fallback(elsewhere)
        .method_not_allowed_fallback(elsewhere)
        .with_state(control)
}

async fn elsewhere() -> Response<Body> {
    response::html(StatusCode::FORBIDDEN, "403 Forbidden")
}

async fn charges(Extract(control): Extract<Control>) -> Response<Body> {
    let charges: Vec<Value> = lock(&control.state.account)
        .charges()
        .into_iter()
        .map(|charge| {
            json!({
                "operation": charge.operation,
                "generationId": charge.generation_id,
                "prompt": charge.prompt,
                "seed": charge.seed,
                "numImages": charge.num_images,
                "amount": charge.amount,
            })
        })
        .collect();
    response::ok(&json!({"charges": charges}))
}

async fn requests(Extract(control): Extract<Control>) -> Response<Body> {
    let refused = lock(&control.state.usage).refused();
    response::ok(&json!({"count": lock(&control.state.log).count(), "refusedByLimits": refused}))
}

async fn aborted(Extract(control): Extract<Control>) -> Response<Body> {
    let aborted: Vec<Value> = lock(&control.state.log)
        .aborted()
        .map(|request| json!({"method": request.method, "path": request.path}))
        .collect();
    response::ok(&json!({"aborted": aborted}))
}

async fn uploads(Extract(control): Extract<Control>) -> Response<Body> {
    let uploads: Vec<Value> = lock(&control.state.uploads)
        .all()
        .into_iter()
        .map(|upload| json!({"id": upload.id, "size": upload.size, "crc32": upload.crc32, "contentType": upload.content_type}))
        .collect();
    response::ok(&json!({"uploads": uploads}))
}

async fn injected(Extract(control): Extract<Control>) -> Response<Body> {
    let injected: Map<String, Value> =
        control.faults.injected().into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect();
    response::ok(&json!({"injected": injected}))
}

async fn set_faults(Extract(control): Extract<Control>, body: Bytes) -> Outcome {
    control.faults.set(plan(&object(&body)?).ok_or_else(|| ApiError::bad("not a plan of faults"))?);
    Ok(response::ok(&json!({})))
}

/// Refuses connections for a while. There is no other way back from outside, since this interface is refused as well.
async fn refuse(Extract(control): Extract<Control>, body: Bytes) -> Outcome {
    let fields = object(&body)?;
    let time = fields.get("milliseconds").and_then(Value::as_u64).filter(|_| fields.len() == 1);
    let time = Duration::from_millis(time.ok_or_else(|| ApiError::bad("expected {\"milliseconds\": number}"))?);
    let Control { state, door, .. } = control;
    door.refuse(true);
    state.spawn(async move {
        tokio::time::sleep(time).await;
        door.refuse(false);
    });
    Ok(response::ok(&json!({})))
}

/// A plan from its JSON: one of `always`, `sequence` and `random`, with `method`, `pathPrefix` and
/// `dripMilliseconds` if wanted.
fn plan(fields: &Map<String, Value>) -> Option<FaultPlan> {
    let mut plan = None;
    let mut filters: Vec<Box<dyn FnOnce(FaultPlan) -> FaultPlan>> = Vec::new();
    for (name, value) in fields {
        let source = match name.as_str() {
            "always" => FaultPlan::always(fault(value)?),
            "sequence" => FaultPlan::sequence(value.as_array()?.iter().map(fault).collect::<Option<Vec<_>>>()?),
            "random" => {
                let percent = value["percent"].as_u64().and_then(|n| u8::try_from(n).ok())?;
                let faults = value["faults"]
                    .as_array()?
                    .iter()
                    .map(|pair| Some((u32::try_from(pair[0].as_u64()?).ok()?, fault(&pair[1])?)))
                    .collect::<Option<Vec<_>>>()?;
                FaultPlan::random(value["seed"].as_u64()?, percent, faults)
            }
            "method" => {
                let method = value.as_str()?.to_owned();
                filters.push(Box::new(move |plan| plan.on_method(&method)));
                continue;
            }
            "pathPrefix" => {
                let prefix = value.as_str()?.to_owned();
                filters.push(Box::new(move |plan| plan.only(move |_, path| path.starts_with(&prefix))));
                continue;
            }
            "dripMilliseconds" => {
                let delay = Duration::from_millis(value.as_u64()?);
                filters.push(Box::new(move |plan| plan.drip_interval(delay)));
                continue;
            }
            _ => return None,
        };
        if plan.replace(source).is_some() {
            return None;
        }
    }
    let plan = plan.unwrap_or_else(FaultPlan::none);
    Some(filters.into_iter().fold(plan, |plan, filter| filter(plan)))
}

/// A fault from its JSON: its name, or an object of its name and its value.
fn fault(value: &Value) -> Option<Fault> {
    if let Some(name) = value.as_str() {
        let plain = [
            Fault::None,
            Fault::ResetBeforeWork,
            Fault::ResetAfterWork,
            Fault::CloseBeforeWork,
            Fault::CloseAfterWork,
            Fault::CutBody,
            Fault::CutHeaders,
            Fault::StallBeforeWork,
            Fault::StallAfterWork,
            Fault::StallBody,
            Fault::Drip,
            Fault::EndlessBody,
            Fault::EndlessHeaders,
            Fault::Garbage,
            Fault::GarbageJson,
            Fault::Html,
            Fault::EmptyBody,
        ];
        return plain.into_iter().find(|fault| fault.name() == name);
    }
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    let (name, value) = fields.iter().next()?;
    let status = |value: &Value| value.as_u64().and_then(|n| u16::try_from(n).ok());
    match name.as_str() {
        "StatusBefore" => Some(Fault::StatusBefore(status(value)?)),
        "StatusAfter" => Some(Fault::StatusAfter(status(value)?)),
        "Redirect" => Some(Fault::Redirect(value.as_str()?.to_owned())),
        "RetryAfter" => {
            Some(Fault::RetryAfter { status: status(&value["status"])?, value: value["value"].as_str()?.to_owned() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &Value) -> Option<String> {
        plan(value.as_object()?).map(|plan| format!("{plan:?}"))
    }

    #[test]
    fn plans() {
        for (value, expected) in [
            (json!({}), FaultPlan::none()),
            (json!({"always": "CutBody"}), FaultPlan::always(Fault::CutBody)),
            (
                json!({"sequence": [{"StatusBefore": 503}, "None", {"RetryAfter": {"status": 429, "value": "1"}}]}),
                FaultPlan::sequence([
                    Fault::StatusBefore(503),
                    Fault::None,
                    Fault::RetryAfter { status: 429, value: "1".into() },
                ]),
            ),
            (
                json!({"random": {"seed": 4, "percent": 20, "faults": [[3, "Html"], [1, {"Redirect": "x"}]]},
                       "method": "POST", "pathPrefix": "/cdn", "dripMilliseconds": 3}),
                FaultPlan::random(4, 20, vec![(3, Fault::Html), (1, Fault::Redirect("x".into()))])
                    .on_method("POST")
                    .only(|_, _| true)
                    .drip_interval(Duration::from_millis(3)),
            ),
        ] {
            assert_eq!(read(&value), Some(format!("{expected:?}")));
        }
        for wrong in [
            json!({"always": "Nonsense"}),
            json!({"always": {"StatusBefore": "503"}}),
            json!({"always": "Html", "sequence": []}),
            json!({"unknown": 1}),
            json!({"random": {"seed": 1, "faults": []}}),
            json!({"sequence": "Html"}),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
    }
}
