//! What is asked for: a create, what it needs uploaded first, and where its results go.

use std::path::PathBuf;

use leonardo_ai::models::{
    CreateElementRequest, CreateGenerationRequest, CreateImageToVideoGenerationRequest,
    CreateTextToVideoGenerationRequest, CreateUniversalUpscalerJobRequest, CreateV2GenerationRequest,
    CreateVariationNoBgRequest, CreateVariationUnzoomRequest, CreateVariationUpscaleRequest, ExecuteBlueprintRequest,
    Violations,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::source::ImageArgument;

/// A request that costs credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Create {
    Image,
    V2,
    ImageToVideo,
    TextToVideo,
    Upscale,
    UniversalUpscale,
    Unzoom,
    NoBg,
    RemoveBg,
    Element,
    Blueprint,
}

/// One piece of work.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    pub create: Create,
    /// What people know it by: the prompt, or the name of a file.
    pub name: String,
    /// The request as it is on the wire, but for what comes of the inputs. That of [`Create::RemoveBg`] is a [`CutOut`].
    pub request: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
    pub save: Save,
    /// What a line of a batch is known by, wherever it stands in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Something that is uploaded before the create. It costs nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// An image, whose id goes to a place of the request (a JSON pointer).
    Image { file: PathBuf, to: String },
    /// An image of the canvas and its mask.
    Canvas { image: PathBuf, mask: PathBuf },
    /// A new data set.
    Dataset { name: String },
    /// A picture of the data set of the request.
    Picture { file: PathBuf },
}

/// Where the results go.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Save {
    /// Files that are named after the id.
    Directory(PathBuf),
    /// A file of that name.
    File(PathBuf),
    /// There are none.
    Nothing,
}

/// The removal of a background. A file is read when it is sent, so that the journal does not hold it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CutOut {
    pub image: ImageArgument,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<ImageArgument>,
    /// Of the model, under their names on the wire.
    pub parameters: Value,
}

impl Task {
    /// Holds the request to its form, and, if that is wanted, to the documented limits. Nothing is sent.
    pub fn check(&self, limits: bool) -> Result<(), Failure> {
        let request = self.filled();
        if limits && matches!(self.create, Create::V2 | Create::RemoveBg) {
            return Err(Failure::usage(
                "--checked cannot be kept: requests of version 2 are held to no limits by this program. Leave it out to \
                 send them as they are. Nothing was sent.",
            ));
        }
        match self.create {
            Create::Image => held(request, limits, CreateGenerationRequest::check),
            Create::V2 => held(request, limits, |_: &CreateV2GenerationRequest| Ok(())),
            Create::ImageToVideo => held(request, limits, CreateImageToVideoGenerationRequest::check),
            Create::TextToVideo => held(request, limits, CreateTextToVideoGenerationRequest::check),
            Create::Upscale => held(request, limits, CreateVariationUpscaleRequest::check),
            Create::UniversalUpscale => held(request, limits, CreateUniversalUpscalerJobRequest::check),
            Create::Unzoom => held(request, limits, CreateVariationUnzoomRequest::check),
            Create::NoBg => held(request, limits, CreateVariationNoBgRequest::check),
            Create::Element => held(request, limits, CreateElementRequest::check),
            Create::Blueprint => held(request, limits, ExecuteBlueprintRequest::check),
            Create::RemoveBg => read::<CutOut>(request).and_then(|cut| parameters(&cut).map(drop)),
        }
    }

    /// The request with something in the places of ids that are not known yet.
    fn filled(&self) -> Value {
        let mut request = self.request.clone();
        for input in &self.inputs {
            match input {
                Input::Image { to, .. } => put(&mut request, to, "uploaded".into()),
                Input::Canvas { .. } => {
                    request["canvasInitId"] = json!("uploaded");
                    request["canvasMaskId"] = json!("uploaded");
                }
                Input::Dataset { .. } => request["datasetId"] = json!("uploaded"),
                Input::Picture { .. } => {}
            }
        }
        request
    }
}

/// Puts an id where a JSON pointer leads to.
pub fn put(request: &mut Value, to: &str, id: Value) {
    if let Some(place) = request.pointer_mut(to) {
        *place = id;
    }
}

fn held<Q: DeserializeOwned>(
    request: Value,
    limits: bool,
    check: fn(&Q) -> Result<(), Violations>,
) -> Result<(), Failure> {
    let request: Q = read(request)?;
    if limits {
        check(&request).map_err(|violations| Failure::usage(violations.to_string()))?;
    }
    Ok(())
}

/// A request of JSON.
pub fn read<Q: DeserializeOwned>(request: Value) -> Result<Q, Failure> {
    serde_json::from_value(request).map_err(|error| Failure::usage(format!("the request is wrong: {error}")))
}

/// The parameters of a removal, without an image.
pub fn parameters(cut: &CutOut) -> Result<leonardo_ai::models::RemoveBackgroundParameters, Failure> {
    let mut parameters = cut.parameters.clone();
    parameters["guidances"] = json!({ "image_reference": [] });
    read(parameters)
}
