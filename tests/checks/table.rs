//! The table of limits, and requests made out of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Number, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    #[serde(rename = "what")]
    _what: String,
    /// The smallest request of each operation.
    pub bases: BTreeMap<String, Map<String, Value>>,
    pub limits: Vec<Limit>,
    pub rules: Vec<Rule>,
}

/// What one field is held to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Limit {
    pub operation: String,
    pub field: String,
    #[serde(default)]
    integer: bool,
    minimum: Option<f64>,
    maximum: Option<f64>,
    multiple_of: Option<f64>,
    #[serde(rename = "enum", default)]
    values: Vec<f64>,
    max_length: Option<usize>,
    prefix: Option<String>,
    #[serde(default)]
    with: Map<String, Value>,
}

/// What fields have to do with one another.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub operation: String,
    pub rule: String,
    pub passes: Vec<Map<String, Value>>,
    pub fails: Vec<Fails>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fails {
    pub with: Map<String, Value>,
    pub fields: Vec<String>,
}

impl Table {
    pub fn read() -> Self {
        serde_json::from_str(include_str!("../fixtures/limits.json")).expect("the table can be read")
    }

    /// The smallest request of an operation, with other fields.
    pub fn request(&self, operation: &str, with: &Map<String, Value>) -> Value {
        let mut request = self.bases.get(operation).unwrap_or_else(|| panic!("no request of {operation}")).clone();
        request.extend(with.clone());
        Value::Object(request)
    }

    /// That request with a value in a field, such as `controlnets[1].weight`.
    pub fn with_value(&self, limit: &Limit, value: &Value) -> Value {
        let mut request = self.request(&limit.operation, &limit.with);
        let path = limit.field.replace('[', ".").replace(']', "");
        let mut place = &mut request;
        for part in path.split('.') {
            place = match part.parse::<usize>() {
                Ok(index) => &mut place[index],
                Err(_) => &mut place[part],
            };
        }
        *place = value.clone();
        request
    }
}

impl Limit {
    /// Values at each of its bounds.
    pub fn at(&self) -> Vec<Value> {
        let ends = self.minimum.into_iter().chain(self.maximum);
        let numbers = ends.chain(self.values.iter().copied()).map(|number| self.number(number));
        // A letter of two bytes: characters count.
        let texts = self.max_length.map(|most| json!("é".repeat(most)));
        numbers.chain(texts).chain(self.prefix.as_ref().map(|_| json!("$JPEG"))).collect()
    }

    /// Values just beyond each of its bounds, and what of the bound the message is to name.
    pub fn beyond(&self) -> Vec<(Value, String)> {
        let step = self.multiple_of.unwrap_or(1.0);
        let of = |bound: f64, by: f64| match bound {
            _ if self.integer => bound + by * step,
            0.0 => by / 100.0,
            _ => bound * (1.0 + by / 10.0),
        };
        let mut beyond = Vec::new();
        let mut add = |value: f64, bound: f64| beyond.push((self.number(value), bound.to_string()));
        self.minimum.iter().for_each(|least| add(of(*least, -1.0), *least));
        self.maximum.iter().for_each(|most| add(of(*most, 1.0), *most));
        if let (Some(least), Some(step)) = (self.minimum, self.multiple_of) {
            add(least + 1.0, step);
        }
        for value in &self.values {
            let between = if self.integer { value + 1.0 } else { value + 0.01 };
            add(between, *value);
        }
        beyond.extend(self.max_length.map(|most| (json!("é".repeat(most + 1)), most.to_string())));
        if let Some(prefix) = &self.prefix {
            beyond.push((json!("data:image/png;base64,AAAA"), prefix.clone()));
            beyond.push((json!("AAAA"), prefix.clone()));
        }
        beyond
    }

    fn number(&self, number: f64) -> Value {
        if self.integer { json!(number as i64) } else { Value::Number(Number::from_f64(number).expect("it is finite")) }
    }
}

/// Puts real ids and pictures where `$NAME` stands for one.
pub fn filled(value: &mut Value, names: &BTreeMap<&str, String>) {
    match value {
        Value::String(text) => {
            if let Some(given) = text.strip_prefix('$').and_then(|name| names.get(name)) {
                *text = given.clone();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| filled(item, names)),
        Value::Object(fields) => fields.values_mut().for_each(|field| filled(field, names)),
        _ => {}
    }
}
