//! Compares the shapes of an OpenAPI file with the compiled types, by what these do: each field of a request is sent
//! through the function, and each field of a response is read by it.

mod calls;
mod enums;
mod known;
mod sample;
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use leonardo_ai::OperationInfo;
use leonardo_ai::operations::TABLE;
use serde_json::{Value, json};

use self::calls::Service;
pub use self::known::KNOWN;
use self::sample::{Extent, Leaf, Step, arrived, at, changed, leaves, named, sample, without};
use self::schema::{Node, Shape, shapes, without_names};

/// What one side has and the other has not.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The function, or the endpoint if there is none.
    pub operation: String,
    /// The place in the request or the response, such as `request.controlnets[].weight`, and the value of an enum; empty
    /// if it is the whole operation.
    pub place: String,
    pub side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Side {
    /// The file has it, and the types have not.
    File,
    /// The types have it, and the file has not.
    Types,
}

impl Difference {
    /// Why it is meant to be there, if it is.
    pub fn reason(&self) -> Option<&'static str> {
        let same = |place: &str| match place.strip_suffix('*') {
            Some(beginning) => self.place.starts_with(beginning),
            None => self.place == place,
        };
        let known = KNOWN.iter().find(|known| known.0 == self.operation && known.1 == self.side && same(known.2));
        known.map(|known| known.3)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.side == Side::File { "not in the types" } else { "not in the file" };
        let place = if self.place.is_empty() { "the operation" } else { &self.place };
        write!(f, "{}: {side}: {place}", self.operation)
    }
}

/// Everything in which the file and the types differ.
pub async fn differences(file: &Value) -> Result<Vec<Difference>, String> {
    let shapes = shapes(file)?;
    let service = Service::new().map_err(|error| error.to_string())?;
    let (mut found, mut enums) = (Vec::new(), Vec::new());
    let of_shape = |shape: &Shape| {
        TABLE.iter().find(|line| line.method == *shape.method && without_names(line.path) == shape.path)
    };
    for shape in &shapes {
        let Some(operation) = of_shape(shape) else {
            let operation = format!("{} {}", shape.method, shape.path);
            found.push(Difference { operation, place: String::new(), side: Side::File });
            continue;
        };
        let mut check = Check {
            service: &service,
            operation,
            shape,
            required: BTreeSet::new(),
            found: &mut found,
            enums: &mut enums,
        };
        check.request().await;
        check.response().await;
    }
    found.extend(surplus(&enums));
    let version = |path: &str| path.split('/').nth(1).unwrap_or_default().to_owned();
    let versions: BTreeSet<_> = shapes.iter().map(|shape| version(&shape.path)).collect();
    let has = |line: &OperationInfo| shapes.iter().any(|shape| of_shape(shape) == Some(line));
    for line in TABLE.iter().filter(|line| versions.contains(&version(line.path)) && !has(line)) {
        found.push(Difference { operation: line.name.to_owned(), place: String::new(), side: Side::Types });
    }
    Ok(found)
}

/// What no enum has.
const NO_VALUE: &str = "NO SUCH VALUE";

struct Check<'a> {
    service: &'a Service,
    operation: &'a OperationInfo,
    shape: &'a Shape,
    /// Fields of the request that the types require, and the file may not.
    required: BTreeSet<String>,
    found: &'a mut Vec<Difference>,
    enums: &'a mut Vec<Enum>,
}

/// A place of an enum.
struct Enum {
    operation: &'static str,
    place: String,
    of_file: BTreeSet<String>,
    /// What its type knows. Places whose types know the same are taken to have one type.
    known: BTreeSet<&'static str>,
}

/// The values that a type knows and no place of that type has in the file.
fn surplus(enums: &[Enum]) -> Vec<Difference> {
    let mut types: BTreeMap<&BTreeSet<&str>, (&Enum, BTreeSet<&str>)> = BTreeMap::new();
    for of in enums {
        let (_, of_file) = types.entry(&of.known).or_insert_with(|| (of, BTreeSet::new()));
        of_file.extend(of.of_file.iter().map(String::as_str));
    }
    let surplus = types.into_iter().flat_map(|(known, (of, of_file))| {
        known.iter().filter(move |value| !of_file.contains(*value)).map(|value| Difference {
            operation: of.operation.to_owned(),
            place: format!("{} = {value:?}", of.place),
            side: Side::Types,
        })
    });
    surplus.collect()
}

/// The request or the response with another value at that place.
fn with(given: &Value, leaf: &Leaf<'_>, value: &Value) -> Value {
    let mut given = given.clone();
    if let Some(place) = at(&mut given, &leaf.way) {
        *place = value.clone();
    }
    given
}

impl Check<'_> {
    fn differ(&mut self, side: Side, place: String) {
        self.found.push(Difference { operation: self.operation.name.to_owned(), place, side });
    }

    /// Whether a field of the request is a typed one, and is sent: how the request prints, or why not.
    async fn sent(&self, request: &Value, leaf: &Leaf<'_>) -> Result<String, String> {
        let with = self.service.call(self.operation.name, request, &json!({})).await;
        let printed = with.request?;
        if printed.contains("extra: {\"") {
            return Err("no field".to_owned());
        }
        let (other, value) = changed(request.clone(), leaf);
        let before = self.service.call(self.operation.name, &other, &json!({})).await;
        if arrived(&before.sent, &with.sent, &value) { Ok(printed) } else { Err("not sent".to_owned()) }
    }

    /// Whether a field of the response comes out: how the output prints, or why not.
    async fn read(&self, response: &Value, leaf: &Leaf<'_>) -> Result<String, String> {
        let request = sample(&self.shape.request, &[], Extent::Least(&self.required));
        let (output, printed) = self.service.call(self.operation.name, &request, response).await.output?;
        let (other, value) = changed(response.clone(), leaf);
        let (before, _) = self.service.call(self.operation.name, &request, &other).await.output?;
        if arrived(&before, &output, &value) { Ok(printed) } else { Err("not read".to_owned()) }
    }

    /// The least request that has something at the end of the way.
    async fn least(&mut self, way: &[Step]) -> Value {
        loop {
            let request = sample(&self.shape.request, way, Extent::Least(&self.required));
            let called = self.service.call(self.operation.name, &request, &json!({})).await;
            let missing = called
                .request
                .err()
                .and_then(|reason| Some(reason.split_once("missing field `")?.1.split_once('`')?.0.to_owned()));
            if !missing.is_some_and(|missing| self.required.insert(missing)) {
                return request;
            }
        }
    }

    async fn request(&mut self) {
        let shape = self.shape;
        let mut full = sample(&shape.request, &[], Extent::Full);
        for leaf in leaves(&shape.request) {
            let request = self.least(&leaf.way).await;
            if !self.place(&request, &leaf, true).await {
                full = without(full, &leaf.way);
            }
        }
        // Whatever is still unset is no field of the file.
        match self.service.call(self.operation.name, &full, &json!({})).await.request {
            Ok(printed) => {
                unset(&printed).into_iter().for_each(|field| self.differ(Side::Types, format!("request: {field}")))
            }
            Err(reason) => self.differ(Side::File, format!("request: {reason}")),
        }
    }

    async fn response(&mut self) {
        let shape = self.shape;
        let request = self.least(&[]).await;
        let full = sample(&shape.response, &[], Extent::Full);
        let output = match self.service.call(self.operation.name, &request, &full).await.output {
            Ok((output, _)) => output,
            Err(reason) => return self.differ(Side::File, format!("response: {reason}")),
        };
        for leaf in leaves(&shape.response) {
            let response = sample(&shape.response, &leaf.way, Extent::Full);
            self.place(&response, &leaf, false).await;
        }
        let record = full.get(self.operation.field).unwrap_or(&full);
        let record = if output.is_array() { record } else { record.get(0).unwrap_or(record) };
        let mut surplus = BTreeSet::new();
        beyond(&output, record, "response", &mut surplus);
        surplus.into_iter().for_each(|place| self.differ(Side::Types, place));
    }

    /// Whether another value at that place comes through: how it prints, or why not.
    async fn comes(&self, given: &Value, leaf: &Leaf<'_>, value: &Value, request: bool) -> Result<String, String> {
        let given = with(given, leaf, value);
        if request { self.sent(&given, leaf).await } else { self.read(&given, leaf).await }
    }

    /// Whether the type of a place that comes through knows the value.
    async fn knows(&self, given: &Value, leaf: &Leaf<'_>, value: &str, request: bool) -> bool {
        let given = with(given, leaf, &value.into());
        let printed = if request {
            self.service.call(self.operation.name, &given, &json!({})).await.request
        } else {
            let request = sample(&self.shape.request, &[], Extent::Least(&self.required));
            self.service.call(self.operation.name, &request, &given).await.output.map(|(_, printed)| printed)
        };
        printed.is_ok_and(|printed| !printed.contains(&format!("Unknown({value:?})")))
    }

    /// Compares one place: whether it comes through, and which values do.
    async fn place(&mut self, given: &Value, leaf: &Leaf<'_>, request: bool) -> bool {
        let place = named(if request { "request" } else { "response" }, &leaf.way);
        let whole = if request { self.sent(given, leaf).await } else { self.read(given, leaf).await };
        if whole.is_err() {
            self.differ(Side::File, place);
            return false;
        }
        match leaf.node {
            Node::Values(values) => self.values(given, leaf, values, place, request).await,
            Node::Number if self.comes(given, leaf, &json!(0.5), request).await.is_err() => {
                self.differ(Side::File, format!("{place}, as a fraction"));
            }
            _ => {}
        }
        true
    }

    /// Compares the values of an enum.
    async fn values(&mut self, given: &Value, leaf: &Leaf<'_>, of_file: &[String], place: String, request: bool) {
        if self.knows(given, leaf, NO_VALUE, request).await {
            // It is no enum, so it has any value.
            return self.differ(Side::File, format!("{place}, as an enum"));
        }
        let (mut known, mut missing) = (BTreeSet::new(), Vec::new());
        for value in enums::values() {
            if self.knows(given, leaf, value, request).await {
                known.insert(value);
            }
        }
        for value in of_file {
            let comes = self.comes(given, leaf, &value.as_str().into(), request).await.is_ok();
            if !comes || !self.knows(given, leaf, value, request).await {
                missing.push(format!("{place} = {value:?}"));
            }
        }
        missing.into_iter().for_each(|place| self.differ(Side::File, place));
        let of_file = of_file.iter().cloned().collect();
        self.enums.push(Enum { operation: self.operation.name, place, of_file, known });
    }
}

/// The fields of a request, as it prints, that are not set or are empty.
fn unset(request: &str) -> BTreeSet<&str> {
    let fields = request.match_indices(": None").chain(request.match_indices(": []"));
    fields.map(|(at, _)| request[..at].rsplit([' ', '{', '(']).next().unwrap_or_default()).collect()
}

/// Adds the fields of `output` that `given` has not.
fn beyond(output: &Value, given: &Value, place: &str, found: &mut BTreeSet<String>) {
    match (output, given) {
        (Value::Object(output), Value::Object(given)) => {
            for (name, value) in output {
                let place = format!("{place}.{name}");
                match given.get(name) {
                    Some(given) => beyond(value, given, &place, found),
                    None => _ = found.insert(place),
                }
            }
        }
        (Value::Array(output), Value::Array(given)) => {
            output.iter().zip(given).for_each(|(output, given)| beyond(output, given, &format!("{place}[]"), found));
        }
        _ => {}
    }
}
