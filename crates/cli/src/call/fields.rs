//! The JSON object that a call is given.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// The fields of the object; each argument is taken out, and the rest is the request.
pub struct Fields(Map<String, Value>);

impl Fields {
    /// From the argument itself, from the file after an `@`, or from standard input.
    pub fn read(argument: &str) -> Result<Self, Failure> {
        let read = |from: &str, text: std::io::Result<String>| {
            text.map_err(|error| Failure::usage(format!("{from} cannot be read: {error}")))
        };
        let text = match argument.strip_prefix('@') {
            Some(file) => read(file, std::fs::read_to_string(file))?,
            None if argument == "-" => read("standard input", std::io::read_to_string(std::io::stdin()))?,
            None => argument.to_owned(),
        };
        match serde_json::from_str(&text) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(Failure::usage("the argument must be a JSON object, such as {\"id\":\"…\"}")),
            Err(error) => Err(Failure::usage(format!("the argument is not JSON: {error}"))),
        }
    }

    pub fn text(&mut self, name: &str) -> Result<String, Failure> {
        match self.0.remove(name) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(Failure::usage(format!("the field \"{name}\" must be text"))),
            None => Err(Failure::usage(format!("the field \"{name}\" is missing"))),
        }
    }

    pub fn number(&mut self, name: &str) -> Result<i64, Failure> {
        let number = self.0.remove(name).and_then(|number| number.as_i64());
        number.ok_or_else(|| Failure::usage(format!("the field \"{name}\" is missing, or no whole number")))
    }

    pub fn count(&mut self, name: &str) -> Result<Option<u32>, Failure> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        let count = value.as_u64().and_then(|count| count.try_into().ok());
        count.map(Some).ok_or_else(|| Failure::usage(format!("the field \"{name}\" must be a whole number, 0 or more")))
    }

    pub fn request<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        let rest = Value::Object(std::mem::take(&mut self.0));
        serde_json::from_value(rest).map_err(|error| Failure::usage(format!("the request is wrong: {error}")))
    }

    /// A boolean, if it is there.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, Failure> {
        self.0
            .remove(name)
            .map(|value| value.as_bool().ok_or_else(|| Failure::usage(format!("the field {name:?} is no boolean"))))
            .transpose()
    }

    /// Refuses what nothing has asked for: a field that is misspelt must not be ignored.
    pub fn finish(self) -> Result<(), Failure> {
        match self.0.keys().next() {
            Some(name) => Err(Failure::usage(format!("the operation has no field \"{name}\""))),
            None => Ok(()),
        }
    }
}
