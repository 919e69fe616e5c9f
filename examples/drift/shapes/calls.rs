//! Calls of the real functions, over a transport that records what is sent and gives what it is told to.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use leonardo_ai::http::{HeaderMap, StatusCode};
use leonardo_ai::{
    BoxFuture, LeonardoCore, RetryPolicy, Transport, TransportError, TransportRequest, TransportResponse,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What became of a call.
pub struct Called {
    /// The request as it prints, or why it is none.
    pub request: Result<String, String>,
    /// The fields of the query and of the body that were sent.
    pub sent: Value,
    /// The output, and how it prints; or the error.
    pub output: Result<(Value, String), String>,
}

/// A core without a network.
pub struct Service {
    core: LeonardoCore,
    record: Arc<Record>,
}

#[derive(Default)]
struct Record {
    sent: Mutex<Value>,
    response: Mutex<String>,
}

struct Recorder(Arc<Record>);

impl Transport for Recorder {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        *self.0.sent.lock().unwrap_or_else(PoisonError::into_inner) = sent(&request);
        let response = self.0.response.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async { Ok(TransportResponse::new(StatusCode::OK, HeaderMap::new(), response)) })
    }
}

fn sent(request: &TransportRequest) -> Value {
    let query = request.url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned().into()));
    let mut fields: Map<String, Value> = query.collect();
    if let Some(Ok(Value::Object(body))) = request.body.as_deref().map(serde_json::from_slice) {
        fields.extend(body);
    }
    fields.into()
}

impl Called {
    fn refused(reason: String) -> Self {
        Self { output: Err(reason.clone()), request: Err(reason), sent: Value::Null }
    }
}

fn read<T: DeserializeOwned + Debug>(request: &Value, printed: &mut String) -> Result<T, String> {
    let request: T = serde_json::from_value(request.clone()).map_err(|error| error.to_string())?;
    *printed = format!("{request:?}");
    Ok(request)
}

impl Service {
    pub fn new() -> Result<Self, leonardo_ai::Error> {
        let record = Arc::new(Record::default());
        let core = LeonardoCore::builder().bearer_auth("none").retry(RetryPolicy::none());
        Ok(Self { core: core.transport(Recorder(record.clone())).build()?, record })
    }

    /// Calls the operation of that name, with any ids.
    pub async fn call(&self, operation: &str, request: &Value, response: &Value) -> Called {
        *self.record.sent.lock().unwrap_or_else(PoisonError::into_inner) = Value::Null;
        *self.record.response.lock().unwrap_or_else(PoisonError::into_inner) = response.to_string();
        let mut printed = String::new();
        macro_rules! argument {
            (request) => {
                match read(request, &mut printed) {
                    Ok(request) => request,
                    Err(error) => return Called::refused(error),
                }
            };
            // The only id that is a number.
            (userLoraId) => {
                7
            };
            ($id:ident) => {
                "an-id"
            };
        }
        macro_rules! when_named {
            ($feature:literal $name:ident $($argument:ident)*) => {
                if operation == stringify!($name) {
                    let result = leonardo_ai::funcs::$name(&self.core $(, argument!($argument))*).await;
                    let output = result.map_err(|error| error.to_string()).and_then(|output| {
                        let printed = format!("{output:?}");
                        Ok((serde_json::to_value(output).map_err(|error| error.to_string())?, printed))
                    });
                    let sent = self.record.sent.lock().unwrap_or_else(PoisonError::into_inner).take();
                    return Called { request: Ok(printed), sent, output };
                }
            };
        }
        leonardo_ai::for_each_operation!(when_named);
        Called { request: Ok(printed), sent: Value::Null, output: Err(format!("there is no operation {operation}")) }
    }
}
