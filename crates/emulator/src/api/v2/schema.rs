//! Values held against JSON schemas, as far as the schemas of the models go.

use serde_json::{Map, Value};

use crate::state::ids;

/// What is told of at most; a request can have any number of things wrong.
const MOST_ERRORS: usize = 20;

/// What is wrong with a request, in words that name the place.
#[derive(Default)]
pub(super) struct Errors(pub(super) Vec<String>);

impl Errors {
    pub(super) fn add(&mut self, error: impl Into<String>) {
        if self.0.len() < MOST_ERRORS {
            self.0.push(error.into());
        }
    }
}

/// Holds a value against a schema. `path` says where in the request the value is.
pub(super) fn check(schema: &Value, value: &Value, path: &str, errors: &mut Errors) {
    // Of what has no type nothing is known.
    let Some(kind) = schema["type"].as_str() else { return };
    let (expected, fits) = match kind {
        "object" => ("an object", value.is_object()),
        "array" => ("an array", value.is_array()),
        "string" => ("a string", value.is_string()),
        "integer" => ("an integer number", value.is_i64() || value.is_u64()),
        "number" => ("a number", value.is_number()),
        _ => ("a boolean", value.is_boolean()),
    };
    if !fits {
        return errors.add(format!("{path} must be {expected}"));
    }
    match value {
        Value::Object(fields) => check_object(schema, fields, path, errors),
        Value::Array(items) => check_array(schema, items, path, errors),
        Value::String(text) => check_text(schema, text, path, errors),
        Value::Number(_) => check_number(schema, value, path, errors),
        Value::Null | Value::Bool(_) => {}
    }
    if let Some(known) = schema["enum"].as_array() {
        if !known.iter().any(|one| is_same(one, value)) {
            let known: Vec<String> = known.iter().map(|one| one.to_string().replace('"', "")).collect();
            errors.add(format!("{path} must be one of the following values: {}", known.join(", ")));
        }
    }
}

/// Numbers are the same whether they are written with a decimal point or without.
fn is_same(known: &Value, value: &Value) -> bool {
    known == value || known.is_number() && known.as_f64() == value.as_f64()
}

fn check_object(schema: &Value, fields: &Map<String, Value>, path: &str, errors: &mut Errors) {
    let properties = schema["properties"].as_object();
    for (name, value) in fields {
        match properties.and_then(|properties| properties.get(name)) {
            // Null is as good as not there.
            Some(_) if value.is_null() => {}
            Some(property) => check(property, value, &format!("{path}.{name}"), errors),
            None => errors.add(format!("property {path}.{name} should not exist")),
        }
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if fields.get(name).is_none_or(Value::is_null) {
            errors.add(format!("{path}.{name} should not be null or undefined"));
        }
    }
}

fn check_array(schema: &Value, items: &[Value], path: &str, errors: &mut Errors) {
    let count = items.len() as u64;
    if let Some(most) = schema["maxItems"].as_u64().filter(|most| count > *most) {
        return errors.add(format!("{path} must contain no more than {most} elements"));
    }
    if let Some(least) = schema["minItems"].as_u64().filter(|least| count < *least) {
        errors.add(format!("{path} must contain at least {least} elements"));
    }
    for (place, item) in items.iter().enumerate() {
        check(&schema["items"], item, &format!("{path}.{place}"), errors);
    }
}

fn check_text(schema: &Value, text: &str, path: &str, errors: &mut Errors) {
    let length = text.chars().count() as u64;
    if let Some(least) = schema["minLength"].as_u64().filter(|least| length < *least) {
        errors.add(format!("{path} must be longer than or equal to {least} characters"));
    }
    if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
        errors.add(format!("{path} must be shorter than or equal to {most} characters"));
    }
    match schema["format"].as_str() {
        Some("uuid") if ids::parse(text).is_none() => errors.add(format!("{path} must be a UUID")),
        Some("uri") if !is_address(text) => errors.add(format!("{path} must be a URL address")),
        _ => {}
    }
}

fn is_address(text: &str) -> bool {
    let is_clean = !text.chars().any(|c| c.is_control() || c == ' ');
    let of_host = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || c == '[');
    let at_host = ["http://", "https://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(of_host));
    is_clean && (at_host || text.starts_with("data:"))
}

fn check_number(schema: &Value, value: &Value, path: &str, errors: &mut Errors) {
    let number = value.as_f64().unwrap_or_default();
    let bound = |name: &str| schema[name].as_f64();
    if bound("minimum").is_some_and(|least| number < least) {
        errors.add(format!("{path} must not be less than {}", schema["minimum"]));
    }
    if bound("maximum").is_some_and(|most| number > most) {
        errors.add(format!("{path} must not be greater than {}", schema["maximum"]));
    }
    if let Some(step) = schema["multipleOf"].as_i64() {
        if value.as_i64().and_then(|value| value.checked_rem(step)) != Some(0) {
            errors.add(format!("{path} must be divisible by {step}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong(schema: &Value, value: &Value) -> Vec<String> {
        let mut errors = Errors::default();
        check(schema, value, "p", &mut errors);
        errors.0
    }

    #[test]
    fn each_keyword_counts() {
        let id = "75925cd2-fb65-4e8c-84c0-6cc010a528e3";
        for (schema, right, wrong_one, error) in [
            (json!({"type": "string"}), json!("x"), json!(1), "p must be a string"),
            (json!({"type": "integer"}), json!(-1), json!(1.5), "p must be an integer number"),
            (json!({"type": "number"}), json!(1.5), json!("1"), "p must be a number"),
            (json!({"type": "boolean"}), json!(false), json!("true"), "p must be a boolean"),
            (json!({"type": "object"}), json!({}), json!([]), "p must be an object"),
            (json!({"type": "array"}), json!([]), json!({}), "p must be an array"),
            (
                json!({"type": "number", "enum": [5, 10]}),
                json!(5.0),
                json!(7),
                "p must be one of the following values: 5, 10",
            ),
            (
                json!({"type": "string", "enum": ["A"]}),
                json!("A"),
                json!("a"),
                "p must be one of the following values: A",
            ),
            (json!({"type": "integer", "minimum": 3}), json!(3), json!(2), "p must not be less than 3"),
            (json!({"type": "integer", "maximum": 3}), json!(3), json!(4), "p must not be greater than 3"),
            (json!({"type": "integer", "multipleOf": 8}), json!(-16), json!(12), "p must be divisible by 8"),
            (json!({"type": "string", "minLength": 2}), json!("雪雪"), json!("雪"), "p must be longer than"),
            (json!({"type": "string", "maxLength": 2}), json!("雪雪"), json!("雪雪雪"), "p must be shorter than"),
            (json!({"type": "string", "format": "uuid"}), json!(id), json!("x"), "p must be a UUID"),
            (
                json!({"type": "string", "format": "uri"}),
                json!("https://h/a"),
                json!("file:///a"),
                "p must be a URL address",
            ),
            (json!({"type": "array", "maxItems": 1}), json!([1]), json!([1, 2]), "p must contain no more than 1"),
            (json!({"type": "array", "minItems": 1}), json!([1]), json!([]), "p must contain at least 1"),
            (
                json!({"type": "array", "items": {"type": "string"}}),
                json!(["x"]),
                json!(["x", 2]),
                "p.1 must be a string",
            ),
        ] {
            assert_eq!(wrong(&schema, &right), [""; 0], "{schema}");
            let errors = wrong(&schema, &wrong_one);
            assert!(errors.len() == 1 && errors[0].starts_with(error), "{schema} {errors:?}");
        }
    }

    #[test]
    fn objects() {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]});
        assert_eq!(wrong(&schema, &json!({"a": "x", "b": [1]})), [""; 0]);
        assert_eq!(wrong(&schema, &json!({"a": null, "b": null})), ["p.a should not be null or undefined"]);
        assert_eq!(wrong(&schema, &json!({"a": "x", "c": null})), ["property p.c should not exist"]);
        let many: Map<String, Value> = (0..1000).map(|number| (format!("x{number}"), json!(1))).collect();
        assert_eq!(wrong(&schema, &Value::Object(many)).len(), MOST_ERRORS);
    }
}
