//! Blueprints: prepared chains of models, to be run with inputs of one's own.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{BlueprintExecutionId, BlueprintId, BlueprintVersionId, GenerationId, Timestamp};
use crate::codec::{self, Decode, Encode, Fragment, Input, Model, Outcome, open_enum};

mod rules;

/// Which blueprints to list: the first some after a cursor, or the last some before one.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
#[model(request)]
pub struct ListBlueprintsRequest {
    /// How many to list at most, from the beginning or after [`after`](Self::after): 1 to 100. The service takes 10 when
    /// neither this nor [`last`](Self::last) is sent.
    pub first: Option<u32>,
    /// The cursor to begin after: the [`end_cursor`](BlueprintPageInfo::end_cursor) of the page before. Not beside
    /// [`last`](Self::last) or [`before`](Self::before).
    pub after: Option<String>,
    /// How many to list at most, from the end or before [`before`](Self::before): 1 to 100.
    pub last: Option<u32>,
    /// The cursor to end before: the [`start_cursor`](BlueprintPageInfo::start_cursor) of the page after. Not beside
    /// [`first`](Self::first) or [`after`](Self::after).
    pub before: Option<String>,
    /// Where the blueprints can be run. The service takes [`BlueprintPlatform::Api`] alone when this is not sent.
    pub platforms: Option<Vec<BlueprintPlatform>>,
    /// The categories that they belong to. All of them when this is not sent.
    pub categories: Option<Vec<String>>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

open_enum!(
    /// Where a blueprint can be run.
    pub enum BlueprintPlatform {
        /// The app for Android.
        Android = "Android",
        /// The app for iOS.
        Ios = "iOS",
        /// The web application.
        Web = "Web",
        /// The API.
        Api = "API",
    }
);

/// A page of blueprints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct Blueprints {
    /// The blueprints of the page, each with its cursor.
    pub edges: Vec<BlueprintEdge>,
    /// How many there are on all pages.
    pub total_count: Option<i64>,
    /// Where the page is among the others.
    pub page_info: BlueprintPageInfo,
}

impl Blueprints {
    /// The cursor after which the next page begins; `None` if this is the last.
    #[must_use]
    pub fn next_cursor(&self) -> Option<String> {
        let last = || self.edges.last().map(|edge| &edge.cursor).filter(|cursor| !cursor.is_empty());
        self.page_info.has_next_page.then(|| self.page_info.end_cursor.as_ref().or_else(last).cloned())?
    }

    /// The blueprints of the page.
    pub fn nodes(&self) -> impl Iterator<Item = &Blueprint> {
        self.edges.iter().filter_map(|edge| edge.node.as_ref())
    }
}

/// A blueprint on a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintEdge {
    /// Where it is among the others.
    pub cursor: String,
    /// The blueprint.
    pub node: Option<Blueprint>,
}

/// A blueprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct Blueprint {
    /// Its identifier. What is run is one of its versions.
    #[model(name = "akUUID", required)]
    pub ak_uuid: BlueprintId,
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// Pictures and videos that show what it does.
    pub thumbnails: Vec<BlueprintThumbnail>,
    /// The team that it belongs to, if it belongs to one.
    pub team_id: Option<String>,
    /// Whether it is the service's own.
    pub official: bool,
    /// When it was created, in UTC.
    pub created_at: Option<Timestamp>,
    /// When it was last changed, in UTC.
    pub updated_at: Option<Timestamp>,
}

/// A picture or a video that shows what a blueprint does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintThumbnail {
    /// What it is for, such as `thumbnailUrl`, `videoUrl` or `thumbnailUrlBanner`.
    pub name: String,
    /// Where it is.
    pub url: String,
}

/// Where a page is among the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintPageInfo {
    /// Whether there is a page after it.
    pub has_next_page: bool,
    /// Whether there is a page before it.
    pub has_previous_page: bool,
    /// The cursor of the first on the page.
    pub start_cursor: Option<String>,
    /// The cursor of the last on the page.
    pub end_cursor: Option<String>,
}

/// The versions of a blueprint, all on one page.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintVersions {
    /// The versions, each with its cursor.
    pub edges: Vec<BlueprintVersionEdge>,
    /// How many there are.
    pub total_count: Option<i64>,
    /// Where the page is among others; there is no way to ask for another.
    pub page_info: BlueprintPageInfo,
}

impl BlueprintVersions {
    /// The versions.
    pub fn nodes(&self) -> impl Iterator<Item = &BlueprintVersion> {
        self.edges.iter().filter_map(|edge| edge.node.as_ref())
    }
}

/// A version of a blueprint on a page.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintVersionEdge {
    /// Where it is among the others.
    pub cursor: String,
    /// The version.
    pub node: Option<BlueprintVersion>,
}

/// A version of a blueprint: what can be run.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintVersion {
    /// Its identifier, which runs it.
    #[model(name = "akUUID", required)]
    pub ak_uuid: BlueprintVersionId,
    /// When it was created, in UTC.
    pub created_at: Option<Timestamp>,
    /// When it was last changed, in UTC.
    pub updated_at: Option<Timestamp>,
    /// What a run costs.
    pub cost: Option<f64>,
    /// What it takes and gives.
    pub ui_metadata: BlueprintUiMetadata,
    /// The version of the form of [`ui_metadata`](Self::ui_metadata).
    pub ui_metadata_schema_version: Option<String>,
    /// The models that it uses, by their slugs.
    pub models: Vec<String>,
    /// Whether the account may run it.
    pub executability: Option<BlueprintExecutability>,
}

/// What a version of a blueprint takes and gives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintUiMetadata {
    /// What can be put in.
    pub inputs: Vec<BlueprintInput>,
    /// What comes out, one for each picture.
    pub outputs: Vec<BlueprintOutput>,
}

/// What can be put into a version of a blueprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintInput {
    /// What it is, such as `image` or `text`.
    #[model(name = "type")]
    pub kind: String,
    /// Its name for people.
    pub label: Option<String>,
    /// The node that takes it.
    pub node_id: String,
    /// Which setting of the node it is.
    pub setting_name: Option<BlueprintSetting>,
    /// Whether a run needs it.
    pub required: bool,
    /// Of a text with variables, the name of this one.
    pub variable: Option<String>,
    /// An example of it.
    pub placeholder: Option<String>,
}

/// What comes out of a version of a blueprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintOutput {
    /// What it is, such as `image`.
    #[model(name = "type")]
    pub kind: String,
}

/// Whether the account may run a version of a blueprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintExecutability {
    /// Whether it may.
    pub is_executable: bool,
    /// Why not.
    pub reasons: Vec<BlueprintObstacle>,
}

/// Why an account may not run a version of a blueprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintObstacle {
    /// The models that it may not use.
    pub models: Option<String>,
}

/// Asks for a run of a version of a blueprint.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked = rules::execution)]
pub struct ExecuteBlueprintRequest {
    /// The version.
    #[model(required)]
    pub blueprint_version_id: BlueprintVersionId,
    /// What to put in.
    #[model(required)]
    pub input: BlueprintExecutionInput,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl ExecuteBlueprintRequest {
    /// A run with these inputs; not public.
    pub fn new(
        version: impl Into<BlueprintVersionId>,
        node_inputs: impl IntoIterator<Item = BlueprintNodeInput>,
    ) -> Self {
        let node_inputs = node_inputs.into_iter().collect();
        let input = BlueprintExecutionInput { node_inputs, public: false, collection_ids: None };
        Self { blueprint_version_id: version.into(), input, extra: Map::new() }
    }
}

/// What to put into a run of a blueprint.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
#[model(request)]
pub struct BlueprintExecutionInput {
    /// An input for each node that takes one.
    #[model(required)]
    pub node_inputs: Vec<BlueprintNodeInput>,
    /// Whether the results are shown to everyone. The service wants to be told. Defaults to false.
    #[model(default = false)]
    pub public: bool,
    /// The collections to add the results to.
    pub collection_ids: Option<Vec<i64>>,
}

/// An input for a node of a blueprint.
///
/// ```
/// # #[cfg(feature = "models")] {
/// use leonardo_ai::models::{BlueprintInputValue, BlueprintNodeInput};
///
/// // The ids of nodes and the names of variables are those of `BlueprintVersion::ui_metadata`.
/// let text = BlueprintNodeInput::text("9ac3b1e2-4d7f-4f10-8b2f-9e5a1c2d3e4f", "a lighthouse");
/// let image = BlueprintNodeInput::image_url("7f9c1c8a-7d16-4bc8-bc4c-5b72d7653c12", "https://cdn.leonardo.ai/a.png");
/// let language =
///     BlueprintNodeInput::text_variables("16c99a94-9b47-4f2d-b3ff-7e6a82d7d891", [("language", "Maori")]);
/// assert_eq!(text.value, BlueprintInputValue::Text("a lighthouse".to_owned()));
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Model)]
#[model(request)]
pub struct BlueprintNodeInput {
    /// The node.
    #[model(required)]
    pub node_id: String,
    /// Which setting of the node it is, and thereby what the value means.
    #[model(required)]
    pub setting_name: BlueprintSetting,
    /// The value: a text, or of [`BlueprintSetting::TextVariables`] a list of variables.
    #[model(required)]
    pub value: BlueprintInputValue,
}

impl BlueprintNodeInput {
    /// A whole text.
    pub fn text(node_id: impl Into<String>, text: impl Into<String>) -> Self {
        let value = BlueprintInputValue::Text(text.into());
        Self { node_id: node_id.into(), setting_name: BlueprintSetting::Text, value }
    }

    /// An image, by its address on the service's own host: that of an uploaded image is in
    /// `init_images_get_init_image_by_id`. Others are refused.
    pub fn image_url(node_id: impl Into<String>, url: impl Into<String>) -> Self {
        let value = BlueprintInputValue::Text(url.into());
        Self { node_id: node_id.into(), setting_name: BlueprintSetting::ImageUrl, value }
    }

    /// Variables of a text, each a name without braces and a value.
    pub fn text_variables<N: Into<String>, V: Into<String>>(
        node_id: impl Into<String>,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables.into_iter();
        let value = variables.map(|(name, value)| BlueprintTextVariable::new(name, value));
        let value = BlueprintInputValue::Variables(value.collect());
        Self { node_id: node_id.into(), setting_name: BlueprintSetting::TextVariables, value }
    }
}

open_enum!(
    /// Which setting of a node an input is for.
    pub enum BlueprintSetting {
        /// The whole text.
        Text = "text",
        /// The address of an image.
        ImageUrl = "imageUrl",
        /// Variables in a text.
        TextVariables = "textVariables",
    }
);

/// The value of an input: a text, or variables in one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlueprintInputValue {
    /// A text, or an address.
    Text(String),
    /// Variables in a text.
    Variables(Vec<BlueprintTextVariable>),
}

// It is in responses too, which are read with whatever there is: so nothing is required.
/// A variable in a text.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
#[model(request)]
pub struct BlueprintTextVariable {
    /// Its name, without braces.
    pub name: String,
    /// What stands in its place.
    pub value: String,
}

impl BlueprintTextVariable {
    /// From a name and a value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

impl Decode for BlueprintInputValue {
    fn empty() -> Self {
        Self::Text(String::new())
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        if let Input::List = input {
            *self = Self::Variables(Vec::new());
            if let Self::Variables(variables) = self {
                return Outcome::List(variables);
            }
        }
        codec::set_text(input.text(), &mut |text| text.map(|text| *self = Self::Text(text.to_owned())).is_some())
    }
}

impl Decode for Option<BlueprintInputValue> {
    fn empty() -> Self {
        None
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        if let Input::List = input {
            return self.insert(Decode::empty()).set(input);
        }
        codec::set_text(input.text(), &mut |text| {
            *self = text.map(BlueprintInputValue::from);
            true
        })
    }
}

impl Encode for BlueprintInputValue {
    fn fragment(&self) -> Fragment<'_> {
        match self {
            Self::Text(text) => Fragment::Text(text),
            Self::Variables(variables) => Fragment::List(variables),
        }
    }
}

impl Serialize for BlueprintInputValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fragment().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for BlueprintInputValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        codec::read_request(deserializer)
    }
}

impl From<&str> for BlueprintInputValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for BlueprintInputValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<BlueprintTextVariable>> for BlueprintInputValue {
    fn from(variables: Vec<BlueprintTextVariable>) -> Self {
        Self::Variables(variables)
    }
}

/// The run that a request started.
///
/// By the time this arrives it is paid for; its cost is in [`BlueprintVersion::cost`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintExecutionJob {
    /// What to look the run up by.
    #[model(name = "akUUID", required)]
    pub ak_uuid: BlueprintExecutionId,
}

/// A run of a blueprint: what was put in, and how far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintExecution {
    /// Its identifier.
    #[model(name = "akUUID", required)]
    pub ak_uuid: BlueprintExecutionId,
    /// How far it is.
    pub status: BlueprintStatus,
    /// What was put in.
    pub inputs: Vec<BlueprintGivenInput>,
    /// Whether the results are shown to everyone.
    pub public: bool,
    /// When the request was accepted, in UTC.
    pub created_at: Option<Timestamp>,
}

impl BlueprintExecution {
    /// Whether it is done, and its generations are there.
    pub fn is_complete(&self) -> bool {
        self.status == BlueprintStatus::Completed
    }

    /// Whether it is over, without a result.
    pub fn is_failed(&self) -> bool {
        self.status == BlueprintStatus::Failed
    }
}

/// What was put into a run of a blueprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintGivenInput {
    /// The node.
    pub node_id: String,
    /// Which setting of the node it is.
    pub setting_name: Option<BlueprintSetting>,
    /// The value.
    pub value: Option<BlueprintInputValue>,
}

open_enum!(
    /// How far a run of a blueprint is, or one of its generations.
    #[default(Unknown)]
    pub enum BlueprintStatus {
        /// Accepted; the result is still to come.
        Pending = "PENDING",
        /// Waiting until fewer runs are at work.
        Queued = "QUEUED",
        /// Done, and the results are there.
        Completed = "COMPLETED",
        /// Over, without a result.
        Failed = "FAILED",
    }
);

/// Which generations of a run to list: the first some after a cursor, or the last some before one.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
#[model(request)]
pub struct GetBlueprintExecutionGenerationsRequest {
    /// How many to list at most, from the beginning or after [`after`](Self::after): 1 to 100.
    pub first: Option<u32>,
    /// The cursor to begin after: the [`end_cursor`](BlueprintPageInfo::end_cursor) of the page before. Not beside
    /// [`last`](Self::last) or [`before`](Self::before).
    pub after: Option<String>,
    /// How many to list at most, from the end or before [`before`](Self::before): 1 to 100.
    pub last: Option<u32>,
    /// The cursor to end before: the [`start_cursor`](BlueprintPageInfo::start_cursor) of the page after. Not beside
    /// [`first`](Self::first) or [`after`](Self::after).
    pub before: Option<String>,
}

/// A page of the generations of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintExecutionGenerations {
    /// The generations of the page, each with its cursor. While the run goes on, some may still be missing.
    pub edges: Vec<BlueprintExecutionGenerationEdge>,
    /// Where the page is among the others.
    pub page_info: BlueprintPageInfo,
}

impl BlueprintExecutionGenerations {
    /// The cursor after which the next page begins; `None` if this is the last.
    #[must_use]
    pub fn next_cursor(&self) -> Option<String> {
        let last = || self.edges.last().map(|edge| &edge.cursor).filter(|cursor| !cursor.is_empty());
        self.page_info.has_next_page.then(|| self.page_info.end_cursor.as_ref().or_else(last).cloned())?
    }

    /// The generations of the page.
    pub fn nodes(&self) -> impl Iterator<Item = &BlueprintExecutionGeneration> {
        self.edges.iter().filter_map(|edge| edge.node.as_ref())
    }
}

/// A generation of a run on a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintExecutionGenerationEdge {
    /// Where it is among the others.
    pub cursor: String,
    /// The generation.
    pub node: Option<BlueprintExecutionGeneration>,
}

/// A generation that a run of a blueprint made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintExecutionGeneration {
    /// Its identifier as a part of the run.
    #[model(name = "akUUID")]
    pub ak_uuid: String,
    /// How far it is.
    pub status: BlueprintStatus,
    /// What to look the pictures up by, with `image_get_generation_by_id`.
    pub generation_id: Option<GenerationId>,
    /// Why it failed.
    pub failed_reason: Option<BlueprintFailedReason>,
}

/// Why a generation of a run failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct BlueprintFailedReason {
    /// What kind of failure it is.
    #[model(name = "type")]
    pub kind: BlueprintFailure,
    /// What went wrong, in the service's words.
    pub message: String,
    /// How many results are missing because of it.
    pub affected_output_count: i64,
}

open_enum!(
    /// What kind of failure a generation of a run had.
    #[default(Unknown)]
    pub enum BlueprintFailure {
        /// The moderation refused the prompt.
        PromptModerationBlocked = "PROMPT_MODERATION_BLOCKED",
    }
);

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn values_are_texts_or_lists_of_variables() {
        let variables = BlueprintNodeInput::text_variables("n", [("a", "1"), ("b", "2")]);
        for (value, expected) in [
            (BlueprintInputValue::from("x"), json!("x")),
            (variables.value, json!([{"name": "a", "value": "1"}, {"name": "b", "value": "2"}])),
            (Vec::new().into(), json!([])),
        ] {
            assert_eq!(to_value(&value).unwrap(), expected);
            assert_eq!(from_value::<BlueprintInputValue>(expected).unwrap(), value);
        }
        for wrong in [json!(null), json!({}), json!(7), json!(["x"]), json!([{"nmae": "a"}])] {
            assert!(from_value::<BlueprintInputValue>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_of_another_kind_leave_their_input_in_a_response() {
        let inputs =
            json!([{"nodeId": "n", "value": {"a": 1}}, {"nodeId": "m", "value": 7}, {"value": [{"name": "a"}]}]);
        let execution: BlueprintExecution = from_value(json!({"akUUID": "e", "inputs": inputs})).unwrap();
        let values: Vec<_> = execution.inputs.iter().map(|input| input.value.clone()).collect();
        assert_eq!(values, [None, Some("7".into()), Some(vec![BlueprintTextVariable::new("a", "")].into())]);
    }
}
