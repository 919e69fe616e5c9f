//! One golden file for each operation, `tests/golden/OPERATION.json`: what a call sends, and what comes out of what the
//! service gives.
//!
//! A file is a case or a list of cases. A case has these parts:
//!
//! - `case`: what it shows, in a list;
//! - `call`: the path's `ids` and the `request`, under their names on the wire, where the operation takes them;
//! - `sent`: `method`, `path`, and `query` and `body` if there are any;
//! - `response`: the body of the response, as the service gives it;
//! - `output`: what comes out, as the models write it, or `error`: the kind of error that it is, or
//!   `OutcomeUnknown`.
//!
//! Together, the cases of a file show every field of the request set in one case, and every field of the output with
//! something in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use leonardo_ai::models::UserElementId;
use leonardo_ai::operations::TABLE;
use leonardo_ai::{Error, LeonardoCore, OperationInfo, RetryPolicy};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::common::KEY;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    case: String,
    #[serde(default)]
    call: Arguments,
    sent: Sent,
    response: Value,
    output: Option<Value>,
    error: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Arguments {
    ids: BTreeMap<String, String>,
    request: Option<Value>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    method: String,
    path: String,
    #[serde(default)]
    query: BTreeMap<String, Value>,
    body: Option<Value>,
}

/// What became of a call.
struct Called {
    /// The output, or the kind of error.
    result: Result<Value, String>,
    /// The request as it prints, if there is one.
    request: Option<String>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn cases(operation: &OperationInfo) -> Vec<Case> {
    let file = folder().join(format!("{}.json", operation.name));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let cases = serde_json::from_str(&text).and_then(|value| match value {
        Value::Array(cases) => cases.into_iter().map(serde_json::from_value).collect(),
        case => Ok(vec![serde_json::from_value(case)?]),
    });
    cases.unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A request, which is remembered as it prints.
fn request<T: DeserializeOwned + std::fmt::Debug>(given: &Arguments, printed: &mut Option<String>) -> T {
    let request = serde_json::from_value(given.request.clone().expect("the request is missing"));
    let request = request.unwrap_or_else(|error| panic!("the request is wrong: {error}"));
    *printed = Some(format!("{request:?}"));
    request
}

/// A request as a golden file has it.
fn sent(request: &HttpMockRequest) -> Sent {
    let body = request.body_ref();
    Sent {
        method: request.method_str().to_owned(),
        path: request.uri().path().trim_start_matches("/api/rest").to_owned(),
        query: request.query_params().into_iter().map(|(name, value)| (name, value.into())).collect(),
        body: (!body.is_empty()).then(|| serde_json::from_slice(body).expect("a body of JSON")),
    }
}

#[track_caller]
fn assert_same(found: impl Serialize, expected: impl Serialize, what: &str) {
    let (found, expected) = (serde_json::to_value(found).unwrap(), serde_json::to_value(expected).unwrap());
    let mut differences = Vec::new();
    compare(&found, &expected, "", &mut differences);
    assert!(differences.is_empty(), "{what}:\n{}", differences.join("\n"));
}

fn compare(found: &Value, expected: &Value, path: &str, differences: &mut Vec<String>) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for name in found.keys().chain(expected.keys()).collect::<BTreeSet<_>>() {
                let path = format!("{path}/{name}");
                match (found.get(name), expected.get(name)) {
                    (Some(found), Some(expected)) => compare(found, expected, &path, differences),
                    (Some(found), None) => differences.push(format!("{path} is {found}, and is not expected")),
                    (None, _) => differences.push(format!("{path} is missing")),
                }
            }
        }
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => {
            for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
                compare(found, expected, &format!("{path}/{index}"), differences);
            }
        }
        _ if found == expected => {}
        _ => differences.push(format!("{path} is {found}, and {expected} is expected")),
    }
}

/// Calls the operation of that name.
async fn call(core: &LeonardoCore, operation: &str, given: &Arguments) -> Called {
    let mut printed = None;
    macro_rules! argument {
        (request) => {
            request(given, &mut printed)
        };
        // The only id that is a number.
        (userLoraId) => {
            given.ids["userLoraId"].parse::<UserElementId>().expect("a number")
        };
        ($id:ident) => {
            given.ids.get(stringify!($id)).expect(concat!("the id is missing: ", stringify!($id))).as_str()
        };
    }
    macro_rules! when_named {
        ($feature:literal $name:ident $($argument:ident)*) => {
            if operation == stringify!($name) {
                let result = leonardo_ai::funcs::$name(core $(, argument!($argument))*).await;
                let result = result.map(|output| serde_json::to_value(output).expect("an output can be written"));
                let result = result.map_err(|error| match (&error, error.api()) {
                    (Error::OutcomeUnknown(_), _) => "OutcomeUnknown".to_owned(),
                    (_, Some(api)) => format!("{:?}", api.kind),
                    (_, None) => error.to_string(),
                });
                return Called { result, request: printed };
            }
        };
    }
    leonardo_ai::for_each_operation!(when_named);
    panic!("there is no operation {operation}")
}

/// Adds the path of each value that is something: neither null nor empty, zero or false. The elements of a list have one
/// path.
fn note(value: &Value, path: &str, all: &mut BTreeSet<String>, filled: &mut BTreeSet<String>) {
    all.insert(path.to_owned());
    let something = match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => {
            list.iter().for_each(|element| note(element, &format!("{path}[]"), all, filled));
            !list.is_empty()
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| note(value, &format!("{path}.{name}"), all, filled));
            !fields.is_empty()
        }
    };
    if something {
        filled.insert(path.to_owned());
    }
}

/// The fields of a request, as it prints, that are not set or are empty lists.
fn unset(request: &str) -> Vec<&str> {
    let fields = request.match_indices(": None").chain(request.match_indices(": []"));
    fields.map(|(at, _)| request[..at].rsplit([' ', '{', '(']).next().unwrap_or_default()).collect()
}

#[test]
fn every_operation_has_a_golden_file_and_every_golden_file_an_operation() {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let operations = TABLE.iter().map(|operation| format!("{}.json", operation.name));
    assert_eq!(files.collect::<BTreeSet<_>>(), operations.collect());
}

#[tokio::test]
async fn every_operation_does_what_its_golden_file_says() {
    let server = MockServer::start_async().await;
    let core = LeonardoCore::builder().bearer_auth(KEY).server_url(server.url("/api/rest"));
    let core = core.retry(RetryPolicy::none()).build().unwrap();
    for operation in TABLE {
        let name = operation.name;
        let (mut all, mut filled) = (BTreeSet::new(), BTreeSet::new());
        let mut requests = Vec::new();
        for case in cases(operation) {
            let of = format!("{name}, case {:?}", case.case);
            let ids: BTreeSet<_> = case.call.ids.keys().map(String::as_str).collect();
            let given = ids.into_iter().chain(case.call.request.as_ref().map(|_| "request")).collect::<BTreeSet<_>>();
            assert_eq!(given, operation.arguments.iter().copied().collect(), "{of}: the arguments");

            let received = Arc::new(Mutex::new(Vec::new()));
            let (log, response) = (received.clone(), case.response.to_string());
            let mock = server
                .mock_async(|_, then| {
                    then.respond_with(move |request| {
                        log.lock().unwrap().push(sent(request));
                        HttpMockResponse::builder()
                            .status(200)
                            .header("content-type", "application/json")
                            .body(response.clone())
                            .build()
                    });
                })
                .await;
            let called = call(&core, name, &case.call).await;
            mock.delete_async().await;

            let mut expected = case.sent;
            for value in expected.query.values_mut().filter(|value| !value.is_string()) {
                *value = value.to_string().into();
            }
            let received = received.lock().unwrap();
            assert_eq!(received.len(), 1, "{of}: the requests");
            assert_same(&received[0], &expected, &format!("{of}: what was sent"));
            let expected = match (case.output, case.error) {
                (Some(output), None) => Ok(output),
                (None, Some(error)) => Err(error),
                _ => panic!("{of}: either `output` or `error` is expected"),
            };
            assert_same(&called.result, &expected, &format!("{of}: what came out"));
            if let Ok(output) = &called.result {
                note(output, "output", &mut all, &mut filled);
            }
            requests.extend(called.request);
        }
        let empty: Vec<_> = all.difference(&filled).collect();
        assert!(empty.is_empty(), "{name}: no case has anything in {empty:#?}");
        let unset: Vec<_> = requests.iter().map(|request| unset(request)).collect();
        let fewest = unset.iter().min_by_key(|fields| fields.len());
        assert!(
            fewest.is_none_or(Vec::is_empty),
            "{name}: no case has every field of the request; one lacks {fewest:?}"
        );
    }
}
