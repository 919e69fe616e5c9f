//! Parameters of version 2, held to the JSON schema of their model before they are sent.

mod sizes;

use std::borrow::Cow;
use std::fmt;

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::paths::LocationSegment;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::Value;

use self::sizes::Sizes;
use crate::codec::{Checking, Encode, Violations, shown};
use crate::models::{CreateV2GenerationRequest, V2Model, V2ModelDetails};

/// How far [`v2_check`] came with parameters in which it found nothing wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum V2Check {
    /// The parameters keep to the schema of the model.
    Passed,
    /// They keep to it, and the service does something else with them than they say.
    Warned(Vec<V2Warning>),
    /// There was nothing to hold them to.
    NotChecked(V2NotChecked),
}

/// Parameters that the service takes, and does something else with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum V2Warning {
    /// The model takes any width that it has with any height that it has, and makes a square of what is no pair of its
    /// own. Nothing in the response says so, and the image is paid for.
    #[non_exhaustive]
    BecomesSquare {
        /// The width, in pixels.
        width: u64,
        /// The height, in pixels.
        height: u64,
    },
}

impl fmt::Display for V2Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::BecomesSquare { width, height } = self;
        write!(f, "{width} x {height} is no pair of the model's: it makes a square instead, and says nothing")
    }
}

/// Why parameters could not be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum V2NotChecked {
    /// This crate does not know which of the models the slug is, or the model is not in the list, or two in it have its
    /// title.
    NoModel,
    /// The model in the list has no schema.
    NoSchema,
    /// The schema in the list cannot be used, for the reason given.
    BadSchema(String),
}

impl fmt::Display for V2NotChecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoModel => f.write_str("it is not known which model of the list this is"),
            Self::NoSchema => f.write_str("the model has no schema in the list"),
            Self::BadSchema(reason) => write!(f, "the schema of the model cannot be used: {reason}"),
        }
    }
}

/// Holds the parameters of a request to the JSON schema of its model, among what
/// [`v2_get_models`](super::v2_get_models()) gives. Sends nothing.
///
/// The model is found by [`V2Model::catalogue_id`], else by [`V2Model::title`]. Parameters in `extra` are checked as well,
/// since the schema is the service's own, and so is the form of ids.
///
/// # Errors
///
/// All that is wrong, as [`Violations`], whose fields begin with `parameters`. They become an [`Error`](crate::Error) by
/// `?`.
pub fn v2_check(models: &[V2ModelDetails], request: &CreateV2GenerationRequest) -> Result<V2Check, Violations> {
    let Some(details) = find(models, &request.model) else { return Ok(V2Check::NotChecked(V2NotChecked::NoModel)) };
    let Some(schema) = &details.parameters else { return Ok(V2Check::NotChecked(V2NotChecked::NoSchema)) };
    let (sizes, rest) = Sizes::of(schema);
    let validators = match (compiled(&rest), sizes.compiled()) {
        (Ok(rest), Ok(sizes)) => (rest, sizes),
        (Err(reason), _) | (_, Err(reason)) => return Ok(V2Check::NotChecked(V2NotChecked::BadSchema(reason))),
    };
    let mut checking = Checking::new("v2_check");
    let parameters = match serde_json::to_value(&request.parameters) {
        Ok(parameters) => parameters,
        Err(error) => {
            let bound = format!("cannot be sent: {error}");
            checking.push("parameters".into(), "no JSON".into(), bound.into(), "set finite numbers".into());
            return checking.end().map(|()| V2Check::Passed);
        }
    };
    for error in validators.0.iter_errors(&parameters) {
        refuse(&error, &request.model, &mut checking);
    }
    let warning = sizes.check(&validators.1, &parameters, &request.model, &mut checking);
    checking.end()?;
    Ok(warning.map_or(V2Check::Passed, |warning| V2Check::Warned(vec![warning])))
}

fn find<'a>(models: &'a [V2ModelDetails], model: &V2Model) -> Option<&'a V2ModelDetails> {
    let id = model.catalogue_id();
    if let Some(found) = models.iter().find(|details| id.is_some_and(|id| details.id == id)) {
        return Some(found);
    }
    let title = model.title()?;
    let mut found = models.iter().filter(|details| details.name == title);
    found.next().filter(|_| found.next().is_none())
}

/// Reads nothing from anywhere. The service calls its schemas OpenAPI 3.0, whose exclusive bounds are those of draft 4.
fn compiled(schema: &Value) -> Result<Validator, String> {
    let options = || jsonschema::options().offline().should_validate_formats(true);
    let newest = options().build(schema);
    newest.or_else(|error| options().with_draft(Draft::Draft4).build(schema).map_err(|_| error.to_string()))
}

/// Reports what an error of the validator says, without the value: that may be a picture.
fn refuse(error: &ValidationError<'_>, model: &V2Model, checking: &mut Checking) {
    let instance = error.instance();
    let path = path(error);
    let value = || shown(instance.fragment());
    let (bound, advice): (Cow<'static, str>, Cow<'static, str>) = match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            for name in unexpected {
                let value = instance.get(name).map_or("set".into(), |value| shown(value.fragment()));
                let bound = format!("is none of {model}");
                checking.push(format!("{path}.{name}").into(), value, bound.into(), "leave it out".into());
            }
            return;
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let bound = format!("is needed by {model}");
            return checking.push(format!("{path}.{name}").into(), "not set".into(), bound.into(), "set it".into());
        }
        Kind::Minimum { limit } => (format!("must be at least {limit}").into(), format!("raise it to {limit}").into()),
        Kind::Maximum { limit } => (format!("must be at most {limit}").into(), format!("lower it to {limit}").into()),
        Kind::ExclusiveMinimum { limit } => (format!("must be more than {limit}").into(), "raise it".into()),
        Kind::ExclusiveMaximum { limit } => (format!("must be less than {limit}").into(), "lower it".into()),
        Kind::MultipleOf { multiple_of } => {
            (format!("must be a multiple of {multiple_of}").into(), "take the nearest one".into())
        }
        Kind::MaxLength { limit } => (format!("must have at most {limit} characters").into(), "shorten it".into()),
        Kind::MinLength { limit } => (format!("must have at least {limit} characters").into(), "fill it in".into()),
        Kind::MaxItems { limit } => (format!("must have at most {limit} items").into(), "leave some out".into()),
        Kind::MinItems { limit } => (format!("must have at least {limit} items").into(), "add some".into()),
        Kind::Enum { options } => (format!("must be one of {}", listed(options)).into(), "take one of those".into()),
        Kind::Constant { expected_value } => {
            (format!("must be {}", shown(expected_value.fragment())).into(), "take that".into())
        }
        Kind::Format { format } => (format!("must have the form {format}").into(), "correct it".into()),
        Kind::Pattern { pattern } => (format!("must match {pattern}").into(), "correct it".into()),
        Kind::Type { kind: TypeKind::Single(kind) } => (format!("must be of type {kind}").into(), "correct it".into()),
        other => {
            let bound = format!("must keep to {} in the schema of {model}", other.keyword());
            (bound.into(), "look at what v2_get_models says of it".into())
        }
    };
    checking.push(path.into(), value(), bound, advice);
}

/// As in `parameters.guidances.style[0].strength`.
fn path(error: &ValidationError<'_>) -> String {
    error.instance_path().into_iter().fold("parameters".to_owned(), |path, segment| match segment {
        LocationSegment::Property(name) => format!("{path}.{name}"),
        LocationSegment::Index(index) => format!("{path}[{index}]"),
    })
}

/// The first of a list of values; there may be dozens.
fn listed(options: &Value) -> String {
    const MOST: usize = 16;
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    let known: Vec<_> = options.iter().take(MOST).map(|option| shown(option.fragment())).collect();
    let more = if options.len() > MOST { ", …" } else { "" };
    format!("{}{more}", known.join(", "))
}
