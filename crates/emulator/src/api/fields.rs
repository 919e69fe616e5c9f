//! What is wrong with the fields of a request, for all groups of operations.

use axum::http::Uri;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::http::request::{last_segment, object, query};
use crate::http::response::ApiError;
use crate::state::ids;

/// What a field may be; `null` is allowed for each.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Bool,
    Int,
    BigInt,
    Float,
    Text,
    Enum(&'static str, &'static [&'static str]),
    Texts,
    Objects(&'static str),
    Object(&'static str),
}

/// The fields of a body, all of which are known and of the right kind.
pub(super) fn checked(body: &[u8], known: &[(&str, Kind)]) -> Result<Map<String, Value>, ApiError> {
    let fields = object(body)?;
    check_all(&fields, known)?;
    Ok(fields)
}

/// Whether all fields are known and of the right kind.
pub(super) fn check_all(fields: &Map<String, Value>, known: &[(&str, Kind)]) -> Result<(), ApiError> {
    for (name, value) in fields {
        let Some((_, kind)) = known.iter().find(|(known, _)| known == name) else {
            return Err(unexpected(name));
        };
        check(*kind, value)?;
    }
    Ok(())
}

/// A text field that must be there, of a body that has no other fields than those named.
pub(super) fn required_texts<const N: usize>(body: &[u8], names: [&str; N]) -> Result<[String; N], ApiError> {
    let fields = object(body)?;
    if let Some(name) = fields.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(unexpected(name));
    }
    let mut texts = [const { String::new() }; N];
    for (text, name) in texts.iter_mut().zip(names) {
        let value = fields.get(name).unwrap_or(&Value::Null);
        check(Kind::Text, value)?;
        *text = value.as_str().ok_or_else(|| missing(name))?.to_owned();
    }
    Ok(texts)
}

/// A text field, if it is there.
pub(super) fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}

pub(super) fn int(fields: &Map<String, Value>, name: &str) -> Option<i64> {
    fields.get(name).and_then(Value::as_i64)
}

pub(super) fn float(fields: &Map<String, Value>, name: &str) -> Option<f64> {
    fields.get(name).and_then(Value::as_f64)
}

pub(super) fn flag(fields: &Map<String, Value>, name: &str) -> Option<bool> {
    fields.get(name).and_then(Value::as_bool)
}

/// The largest seed that the service chooses by itself, and the largest that its Flux and video models take.
pub(super) const MAX_CHOSEN_SEED: i64 = 2_147_483_637;
/// The largest seed that a caller may choose for other models.
pub(super) const MAX_SEED: i64 = 9_999_999_998;

pub(super) fn chosen_seed() -> i64 {
    fastrand::i64(0..=MAX_CHOSEN_SEED)
}

pub(super) fn missing(name: &str) -> ApiError {
    ApiError::shape(format!("expecting a value for non-nullable variable: \"{name}\""))
}

pub(super) fn unexpected(name: &str) -> ApiError {
    ApiError::bad(format!("Unexpected variable {name}"))
}

pub(super) fn not_uuid(text: &str) -> ApiError {
    ApiError::bad(format!("invalid input syntax for type uuid: \"{text}\""))
}

/// The id that a path ends in.
pub(super) fn last_id(uri: &Uri) -> Result<Uuid, ApiError> {
    let text = last_segment(uri);
    ids::parse(&text).ok_or_else(|| not_uuid(&text))
}

/// Where a page begins and how much it holds.
pub(super) fn page(uri: &Uri) -> Result<(usize, usize), ApiError> {
    let (mut offset, mut limit) = (0, 10);
    for (name, value) in query(uri) {
        let place = match name.as_str() {
            "offset" => &mut offset,
            "limit" => &mut limit,
            _ => return Err(unexpected(&name)),
        };
        *place = match value.parse::<i32>() {
            Ok(number) => usize::try_from(number)
                .map_err(|_| ApiError::bad(format!("unexpected negative value for {name}: {number}")))?,
            Err(_) => {
                return Err(ApiError::shape("expected a 32-bit integer for type 'Int', but found a string"));
            }
        };
    }
    Ok((offset, limit))
}

pub(super) fn in_range(name: &str, value: Option<f64>, least: f64, most: f64) -> Result<(), ApiError> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(ApiError::bad(format!("{name} must be between {least} and {most}")))
        }
        _ => Ok(()),
    }
}

pub(super) fn one_of(known: &'static [&'static str], value: &str) -> Option<&'static str> {
    known.iter().copied().find(|known| *known == value)
}

fn check(kind: Kind, value: &Value) -> Result<(), ApiError> {
    if value.is_null() {
        return Ok(());
    }
    let (expected, of, fits) = match kind {
        Kind::Bool => ("a boolean", "Boolean", value.is_boolean()),
        Kind::Int => ("a 32-bit integer", "Int", value.as_i64().is_some_and(|n| i32::try_from(n).is_ok())),
        Kind::BigInt => ("an integer", "bigint", value.as_i64().is_some()),
        Kind::Float => ("a float", "Float", value.is_number()),
        Kind::Text => ("a string", "String", value.is_string()),
        Kind::Enum(of, known) => {
            if let Some(text) = value.as_str() {
                if one_of(known, text).is_some() {
                    return Ok(());
                }
                let known = known.iter().map(|k| format!("'{k}'")).collect::<Vec<_>>().join(", ");
                return Err(ApiError::shape(format!(
                    "expected one of the values [{known}] for type '{of}', but found '{text}'"
                )));
            }
            ("an enum value", of, false)
        }
        Kind::Texts => (
            "a list of strings",
            "[String]",
            value.as_array().is_some_and(|items| items.iter().all(|i| i.is_string() || i.is_null())),
        ),
        Kind::Objects(of) => {
            ("a list of objects", of, value.as_array().is_some_and(|items| items.iter().all(Value::is_object)))
        }
        Kind::Object(of) => ("an object", of, value.is_object()),
    };
    if fits {
        return Ok(());
    }
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Err(ApiError::shape(format!("expected {expected} for type '{of}', but found {found}")))
}

pub(super) fn list<'a>(fields: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Value> {
    fields.get(name).and_then(Value::as_array).into_iter().flatten()
}
