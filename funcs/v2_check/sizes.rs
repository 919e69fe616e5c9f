//! The pairs of width and height in a schema, apart from the rest of it: a model may take what is none of them.

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::{V2Warning, compiled};
use crate::codec::{Checking, Encode, shown};
use crate::models::V2Model;

/// The parts of a schema that are about width and height together.
pub(super) struct Sizes {
    rules: Vec<Value>,
}

impl Sizes {
    /// These parts of a schema, and the rest of it.
    pub(super) fn of(schema: &Value) -> (Self, Value) {
        let mut rest = schema.clone();
        let mut rules = Vec::new();
        if let Some(fields) = rest.as_object_mut() {
            take(fields, &mut rules);
            if let Some(all) = fields.get_mut("allOf").and_then(Value::as_array_mut) {
                all.iter_mut().filter_map(Value::as_object_mut).for_each(|part| take(part, &mut rules));
            }
        }
        (Self { rules }, rest)
    }

    pub(super) fn compiled(&self) -> Result<Vec<Validator>, String> {
        self.rules.iter().map(compiled).collect()
    }

    /// Whether the pair is one of the model's. If not, it is a violation, or a warning where the service takes it.
    pub(super) fn check(
        &self,
        rules: &[Validator],
        parameters: &Value,
        model: &V2Model,
        checking: &mut Checking,
    ) -> Option<V2Warning> {
        let side = |name: &str| parameters.get(name).and_then(Value::as_u64);
        let (width, height) = (side("width"), side("height"));
        let is_kept = rules.iter().all(|rule| rule.is_valid(parameters));
        if becomes_square(model) {
            let (width, height) = (width?, height?);
            let is_pair = if rules.is_empty() { is_listed(model, width, height) } else { is_kept };
            let is_warned = !is_pair && width != height && width != 0 && height != 0;
            return is_warned.then_some(V2Warning::BecomesSquare { width, height });
        }
        if !is_kept {
            let pairs = self.pairs();
            let bound = match pairs.is_empty() {
                true => format!("cannot be what it is with the other sides of {model}"),
                false => format!("must be, with the height, one of {}", pairs.join(", ")),
            };
            let (value, of) = match (parameters.get("width"), parameters.get("height")) {
                (Some(width), Some(height)) => (format!("{width} x {height}").into(), "parameters.width"),
                (None, Some(height)) => (shown(height.fragment()), "parameters.height"),
                (width, None) => (shown(width.unwrap_or(&Value::Null).fragment()), "parameters.width"),
            };
            checking.push(of.into(), value, bound.into(), "take one of the pairs of the model".into());
        }
        None
    }

    /// The pairs, where the schema lists them.
    fn pairs(&self) -> Vec<String> {
        const MOST: usize = 24;
        let alternatives = self.rules.iter().flat_map(|rule| rule.as_object().into_iter().flat_map(Map::values));
        let alternatives = alternatives.filter_map(Value::as_array).flatten();
        let only = |of: &Value, name: &str| {
            let side = &of["properties"][name];
            let only = side["enum"].as_array().filter(|values| values.len() == 1).and_then(|values| values.first());
            only.or(side.get("const")).and_then(Value::as_u64)
        };
        let mut pairs: Vec<String> = Vec::new();
        for (width, height) in alternatives.filter_map(|of| Some((only(of, "width")?, only(of, "height")?))) {
            let pair = format!("{width} x {height}");
            if pairs.len() < MOST && !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        pairs
    }
}

/// Takes the lists of alternatives that are about nothing but width and height.
fn take(part: &mut Map<String, Value>, rules: &mut Vec<Value>) {
    for keyword in ["anyOf", "oneOf"] {
        let alternatives = part.get(keyword).and_then(Value::as_array);
        if alternatives.is_some_and(|all| !all.is_empty() && all.iter().all(is_about_size)) {
            if let Some(alternatives) = part.remove(keyword) {
                rules.push(json!({keyword: alternatives}));
            }
        }
    }
}

fn is_about_size(alternative: &Value) -> bool {
    let is_side = |name: &str| matches!(name, "width" | "height");
    let Some(parts) = alternative.as_object() else { return false };
    let sides = parts.get("properties").and_then(Value::as_object);
    sides.is_some_and(|sides| !sides.is_empty() && sides.keys().all(|name| is_side(name)))
        && parts.iter().all(|(keyword, value)| match keyword.as_str() {
            "required" => value.as_array().is_some_and(|names| names.iter().all(|n| n.as_str().is_some_and(is_side))),
            "type" | "properties" | "title" | "description" => true,
            _ => false,
        })
}

/// Whether the service takes a width and a height one by one, and makes a square of what is no pair.
fn becomes_square(model: &V2Model) -> bool {
    matches!(
        model,
        V2Model::Gemini2_5FlashImage | V2Model::NanoBanana2 | V2Model::NanoBanana2Lite | V2Model::GeminiImage2
    )
}

/// The smallest pair of each ratio that the service documents for Nano Banana 2; there are the double and the fourfold
/// of it, too. Lite and Pro have the same sides.
const SMALLEST: &[(u64, u64)] = &[
    (1024, 1024),
    (848, 1264),
    (1264, 848),
    (896, 1200),
    (1200, 896),
    (928, 1152),
    (1152, 928),
    (768, 1376),
    (1376, 768),
    (1584, 672),
];

/// Whether it is a pair as far as that is documented, for a schema that lists none.
fn is_listed(model: &V2Model, width: u64, height: u64) -> bool {
    let of = |times: u64| SMALLEST.contains(&(width / times, height / times)) && width % times + height % times == 0;
    *model == V2Model::Gemini2_5FlashImage || of(1) || of(2) || of(4)
}
