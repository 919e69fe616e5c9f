//! From options to requests.

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::models_list_platform_models;
use leonardo_ai::models::{CreateGenerationRequest, CreateV2GenerationRequest, V2Model, V2Parameters};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::args::ImageOptions;
use crate::call::printable;
use crate::failure::Failure;
use crate::source::is_uuid;
use crate::task::Create;

/// A model, by the version of the API that has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// None is the service's own choice.
    One(Option<String>),
    Two(V2Model),
}

impl Model {
    /// From an id, a word of version 2, or the name of a model of the platform, which is looked up.
    pub async fn named(name: Option<&str>, core: &LeonardoCore) -> Result<Self, Failure> {
        let Some(name) = name else { return Ok(Self::One(None)) };
        if is_uuid(name) {
            return Ok(Self::One(Some(name.to_owned())));
        }
        let word = V2Model::from(name);
        if word.is_known() {
            return Ok(Self::Two(word));
        }
        let letters =
            |name: &str| name.chars().filter(|char| char.is_alphanumeric()).collect::<String>().to_lowercase();
        for model in models_list_platform_models(core).await? {
            if letters(&model.name) == letters(name) {
                return Ok(Self::One(Some(model.id.to_string())));
            }
        }
        match V2Model::KNOWN.iter().find(|model| model.title().is_some_and(|title| letters(title) == letters(name))) {
            Some(model) => Ok(Self::Two(model.clone())),
            None => Err(Failure::usage(format!(
                "there is no model {name:?}: see `leonardo models` and `leonardo models --v2`"
            ))),
        }
    }
}

/// The request for images with these options.
pub fn images(model: &Model, options: &ImageOptions, prompt: &str) -> Result<(Create, Value), Failure> {
    match model {
        Model::One(id) => {
            let mut fields = set_fields(&options.common)?;
            fields.append(&mut set_fields(&options.one)?);
            if let Some(id) = id {
                fields.insert("modelId".into(), id.clone().into());
            }
            if let Some(size) = options.size {
                fields.insert("width".into(), size.width.into());
                fields.insert("height".into(), size.height.into());
            }
            fields.insert("prompt".into(), prompt.into());
            put_all(&mut fields, &options.set)?;
            // With the defaults, so that the journal and the price have what is sent.
            let request: CreateGenerationRequest = crate::task::read(fields.into())?;
            Ok((Create::Image, printable(request)?))
        }
        Model::Two(model) => {
            if let Some(name) = set_fields(&options.one)?.keys().next() {
                return Err(Failure::usage(format!(
                    "{name} is an option of models of version 1, and {} is one of version 2; its own parameters are \
                     given with --set",
                    model.as_str()
                )));
            }
            let common = &options.common;
            let mut parameters = V2Parameters::new(prompt);
            (parameters.quantity, parameters.seed) = (common.count, common.seed);
            (parameters.tiling, parameters.negative_prompt) = (common.tiling, common.negative_prompt.clone());
            if let Some(size) = options.size {
                (parameters.width, parameters.height) = (Some(size.width), Some(size.height));
            }
            let mut request = CreateV2GenerationRequest::new(model.clone(), parameters);
            request.public = common.public.unwrap_or(false);
            let mut request = printable(request)?;
            if let Some(parameters) = request["parameters"].as_object_mut() {
                put_all(parameters, &options.set)?;
            }
            Ok((Create::V2, request))
        }
    }
}

/// The options that were given, under their names on the wire.
fn set_fields(options: &impl Serialize) -> Result<Map<String, Value>, Failure> {
    let Value::Object(mut fields) = printable(options)? else { return Ok(Map::new()) };
    fields.retain(|_, value| !value.is_null());
    Ok(fields)
}

/// Puts `NAME=VALUE` into a request. A value is JSON, or else text.
pub fn put_all(fields: &mut Map<String, Value>, set: &[String]) -> Result<(), Failure> {
    for pair in set {
        let (name, value) = pair_of(pair)?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        fields.insert(name.to_owned(), value);
    }
    Ok(())
}

pub fn pair_of(pair: &str) -> Result<(&str, &str), Failure> {
    let split = pair.split_once('=').filter(|(name, _)| !name.is_empty());
    split.ok_or_else(|| Failure::usage(format!("{pair:?} must be as NAME=VALUE")))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use leonardo_ai::models::CreateGenerationRequest;

    use super::*;
    use crate::args::{Cli, Command};

    #[test]
    fn every_option_of_a_create_is_a_field_of_its_request() {
        let words = [
            "--alchemy=true --contrast-ratio=0.5 --contrast=3 --expanded-domain=true --fantasy-avatar=true",
            "--guidance-scale=7 --high-contrast=true --high-resolution=true --image-prompt-weight=0.5 --steps=30",
            "--photo-real=true --photo-real-version=v2 --photo-real-strength=0.5 --preset-style=CINEMATIC",
            "--prompt-magic=true --prompt-magic-strength=0.5 --prompt-magic-version=v3 --scheduler=LEONARDO",
            "--sd-version=SDXL_1_0 --style-uuid=s --transparency=disabled --ultra=true --unzoom=true",
            "--unzoom-amount=0.5 --upscale-ratio=0.5 --control-net=true --control-net-type=POSE --weighting=0.5",
            "--enhance-prompt=true --enhance-prompt-instruction=more --count=1 --seed=7 --negative-prompt=rain",
            "--public=true --tiling=true --size=512x768",
        ];
        let line = format!("leonardo generate {} pier", words.join(" "));
        let Command::Generate(generate) = Cli::try_parse_from(line.split_whitespace()).unwrap().command else {
            panic!("another command");
        };
        let given =
            set_fields(&generate.options.one).unwrap().len() + set_fields(&generate.options.common).unwrap().len();
        assert_eq!(given, line.matches("=").count() - 1, "an option is not in this test");
        let (_, request) = images(&Model::One(None), &generate.options, "pier").unwrap();
        let request: CreateGenerationRequest = serde_json::from_value(request).unwrap();
        assert!(request.extra.is_empty(), "{:?}", request.extra);
        assert_eq!((request.width, request.num_images, request.seed), (Some(512), Some(1), Some(7)));
        assert_eq!(request.negative_prompt.as_deref(), Some("rain"));
    }
}
