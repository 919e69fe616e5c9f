//! What the tests of blueprints have in common.

use leonardo_ai_emulator::Emulator;
use serde_json::{Value, json};

use super::call;

pub const UNKNOWN: &str = "11111111-2222-4333-8444-555555555555";

pub async fn get(emulator: &Emulator, path: &str) -> Value {
    get_with(emulator, path, &Value::Null).await
}

/// The response to a GET that has a body, unless it is null.
pub async fn get_with(emulator: &Emulator, path: &str, body: &Value) -> Value {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let reply = call(emulator, "GET", path, &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

pub async fn list(emulator: &Emulator, body: Value) -> Value {
    get_with(emulator, "/blueprints", &body).await["blueprints"].take()
}

pub fn names(connection: &Value) -> Vec<&str> {
    connection["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["name"].as_str().unwrap()).collect()
}

/// That a response is a refusal in the form of this group, for a reason.
pub fn is_bad(response: &Value, field: &str, reason: &str) {
    let [error] = response.as_array().unwrap_or_else(|| panic!("{response}")).as_slice() else { panic!("{response}") };
    assert_eq!((&error["message"], &error["path"]), (&json!("An error occurred."), &json!([field])));
    assert!(error["locations"][0]["column"].is_u64() && error["locations"][0]["line"] == 1, "{error}");
    let extensions = &error["extensions"];
    assert_eq!(
        (&extensions["code"], &extensions["details"]["statusCode"]),
        (&json!("BadRequestException"), &json!(400))
    );
    let message = extensions["details"]["message"].as_str().unwrap();
    assert!(message.starts_with("Bad request. Please check your input.") && message.contains(reason), "{message}");
}

pub fn is_not_found(response: &Value, field: &str, message: &str) {
    assert_eq!(
        *response,
        json!([{
            "message": message, "path": [field], "locations": [{"column": 20, "line": 1}],
            "extensions": {"code": "NOT_FOUND", "errorCode": 0, "statusCode": 404},
        }])
    );
}

/// The newest version of a blueprint, by its name.
pub async fn version(emulator: &Emulator, name: &str) -> Value {
    let all = list(emulator, json!({"platforms": ["API", "Web"]})).await;
    let one = all["edges"].as_array().unwrap().iter().find(|edge| edge["node"]["name"] == name).unwrap();
    let path = format!("/blueprints/{}/versions", one["node"]["akUUID"].as_str().unwrap());
    get(emulator, &path).await["blueprintVersions"]["edges"][0]["node"].take()
}
