//! Values that have a given shape, and single places of them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::schema::Node;

/// One step on the way to a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Field(String),
    /// The element of a list, which has one.
    Item,
    /// Which of several forms it has.
    Form(usize),
}

/// A place where a value stands, and not an object or a list of objects.
pub struct Leaf<'a> {
    pub way: Vec<Step>,
    pub node: &'a Node,
}

/// The only object whose keys no schema lists is that of the guidances of version 2, which are named after their part.
const KEY: &str = "image_reference";

/// All leaves below a node.
pub fn leaves(node: &Node) -> Vec<Leaf<'_>> {
    let mut found = Vec::new();
    collect(node, &mut Vec::new(), &mut found);
    found
}

fn collect<'a>(node: &'a Node, way: &mut Vec<Step>, found: &mut Vec<Leaf<'a>>) {
    let mut below = |step: Step, node: &'a Node| {
        way.push(step);
        collect(node, way, found);
        way.pop();
    };
    match node {
        Node::Object(fields) => fields.iter().for_each(|field| below(Step::Field(field.name.clone()), &field.node)),
        Node::Map(node) => below(Step::Field(KEY.to_owned()), node),
        Node::List(node) => below(Step::Item, node),
        Node::Either(forms) => forms.iter().enumerate().for_each(|(index, form)| below(Step::Form(index), form)),
        _ => found.push(Leaf { way: way.clone(), node }),
    }
}

/// Which fields a sample has.
#[derive(Clone, Copy)]
pub enum Extent<'a> {
    Full,
    /// What is on the way, what the file requires, and what is called one of these.
    Least(&'a BTreeSet<String>),
}

/// A value of that shape, in which the way leads to something. No two numbers and texts in it are the same.
pub fn sample(node: &Node, way: &[Step], extent: Extent<'_>) -> Value {
    Sampler { extent, count: 0 }.value(node, Some(way))
}

struct Sampler<'a> {
    extent: Extent<'a>,
    count: u32,
}

impl Sampler<'_> {
    fn wants(&self, name: &str) -> bool {
        match self.extent {
            Extent::Full => true,
            Extent::Least(names) => names.contains(name),
        }
    }

    /// `way` is none beside the way.
    fn value(&mut self, node: &Node, way: Option<&[Step]>) -> Value {
        let along = |step: &Step| way.filter(|way| way.first() == Some(step)).map(|way| &way[1..]);
        self.count += 1;
        let count = self.count;
        match node {
            Node::Object(fields) => {
                let mut object = Map::new();
                for field in fields {
                    let way = along(&Step::Field(field.name.clone()));
                    if way.is_some() || field.required || self.wants(&field.name) {
                        object.insert(field.name.clone(), self.value(&field.node, way));
                    }
                }
                object.into()
            }
            Node::Map(node) => json!({ KEY: self.value(node, along(&Step::Field(KEY.to_owned()))) }),
            Node::List(node) => json!([self.value(node, along(&Step::Item))]),
            Node::Either(forms) => {
                let index = match way.and_then(<[Step]>::first) {
                    Some(Step::Form(index)) => *index,
                    _ => 0,
                };
                self.value(&forms[index], along(&Step::Form(index)))
            }
            Node::Values(values) => json!(values.first()),
            Node::Free => json!({ "anything": format!("text {count}") }),
            Node::Text => json!(format!("text {count}")),
            Node::Time => {
                json!(format!("2026-10-{:02}T{:02}:{:02}:00.000Z", 1 + count / 3600, count / 60 % 24, count % 60))
            }
            Node::Integer | Node::Number => json!(1000 + count),
            Node::Flag => json!(true),
        }
    }
}

/// Another value of the same kind.
fn other(node: &Node, value: &Value) -> Value {
    match (node, value) {
        (_, Value::Bool(flag)) => json!(!flag),
        (_, Value::Number(_)) => json!(7),
        (Node::Time, _) => json!("2025-01-01T00:00:00.000Z"),
        (_, Value::Object(_)) => json!({ "anything": "another" }),
        _ => json!("another"),
    }
}

/// The value with another one at the end of the way, and what is there now.
pub fn changed(mut value: Value, leaf: &Leaf<'_>) -> (Value, Value) {
    let at = at(&mut value, &leaf.way);
    let found = at.map(|at| std::mem::replace(at, other(leaf.node, &at.clone()))).unwrap_or_default();
    (value, found)
}

/// What stands at the end of the way.
pub fn at<'a>(value: &'a mut Value, way: &[Step]) -> Option<&'a mut Value> {
    way.iter().try_fold(value, |value, step| match step {
        Step::Field(name) => value.get_mut(name),
        Step::Item => value.get_mut(0),
        Step::Form(_) => Some(value),
    })
}

/// Takes away the field that the way ends in.
pub fn without(mut value: Value, way: &[Step]) -> Value {
    let last = way.iter().rposition(|step| matches!(step, Step::Field(_)));
    if let Some((last, Step::Field(name))) = last.map(|last| (last, &way[last])) {
        if let Some(Value::Object(fields)) = at(&mut value, &way[..last]) {
            fields.remove(name);
        }
    }
    value
}

/// The way as it is printed: `request.controlnets[].weight`.
pub fn named(root: &str, way: &[Step]) -> String {
    way.iter().fold(root.to_owned(), |name, step| match step {
        Step::Field(field) => format!("{name}.{field}"),
        Step::Item => format!("{name}[]"),
        Step::Form(_) => name,
    })
}

/// The scalars in a value, each with its place.
fn scalars<'a>(value: &'a Value, place: String, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| scalars(value, format!("{place}.{name}"), found))
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| scalars(value, format!("{place}.{index}"), found));
        }
        scalar => found.push((place, scalar)),
    }
}

/// A query has text for numbers, and an id is a number here and text there.
fn text(scalar: &Value) -> String {
    match scalar {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_f64().unwrap_or_default().to_string(),
        other => other.to_string(),
    }
}

/// Whether `leaf` has come into `after`, where `before` did not have it.
pub fn arrived(before: &Value, after: &Value, leaf: &Value) -> bool {
    let all = |value| {
        let mut found = Vec::new();
        scalars(value, String::new(), &mut found);
        found
    };
    let (before, wanted) = (all(before), all(leaf));
    let new: Vec<_> = all(after).into_iter().filter(|scalar| !before.contains(scalar)).collect();
    wanted.iter().all(|(_, wanted)| new.iter().any(|(_, found)| text(found) == text(wanted)))
}
